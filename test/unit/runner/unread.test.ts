import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { unread } from '../../../lib/dsl/common/unread.ts';
import { plainPlay } from '../../../lib/dsl/plain-play.ts';
import type { Play } from '../../../lib/dsl/play.ts';
import { role } from '../../../lib/dsl/role.ts';
import { EXIT, QuorateError } from '../../../lib/errors.ts';
import { caCertificate } from '../../../lib/resources/certificate.ts';
import { file } from '../../../lib/resources/file.ts';
import { startRun } from '../../../lib/runner/run.ts';
import { recorder } from '../support/recorder.ts';
import { WHOLE_RUN } from '../support/run-options.ts';
import { scratch } from '../support/scratch.ts';
import { shellHost } from '../support/shell-host.ts';

/** Which hosts of its play a role is told of, when it makes the tasks of each. */
async function told(names: readonly string[], of: { readonly serial?: number } = {}, check = false) {
  const vars = { ansible_connection: 'local', inventory_dir: scratch() };
  const hosts = [...names, 'other'].map((name) => ({
    name,
    groups: ['all'],
    vars,
    connect: async () => (name === 'lost' ? Promise.reject(new Error('gone')) : shellHost(undefined, name)),
  }));
  const seen = new Map<string, readonly string[]>();
  const tasks = ({ name }: { readonly name: string }) => {
    seen.set(name, unread.own.names);
    return [];
  };
  const roles = [role({ name: 'web', description: '', tasks })];
  await startRun(
    { name: 'site', description: '', plays: [plainPlay({ hosts: 'web', roles, ...of }) as Play] },
    {
      ...WHOLE_RUN,
      select: () => hosts.slice(0, -1),
      limit: ({ name }) => name !== 'left-out',
      check,
      sink: recorder(),
    },
  ).done;
  return Object.fromEntries(seen);
}

it('a role can tell which hosts of its play nobody has looked at: left out, or not reached', async () => {
  expect(await told(['a', 'left-out', 'lost'])).toMatchObject({ a: ['left-out', 'lost'] });
});

it('a role can tell that nobody has looked yet at hosts of a later batch, which a check will', async () => {
  const names = ['a', 'b', 'c', 'left-out'];
  const early = ['c', 'left-out'];
  expect(await told(names, { serial: 2 })).toEqual({ a: early, b: early, c: ['left-out'] });
  const left = ['left-out'];
  expect(await told(names, { serial: 2 }, true)).toEqual({ a: left, b: left, c: left });
});

describe('with a CA that is yet to be made, and a batch for each host', () => {
  let dir: string;
  beforeEach(() => {
    dir = scratch();
  });
  const at = (name: string) => join(dir, name);

  async function rollOut(names: readonly string[], check = false) {
    const sink = recorder();
    const hosts = names.map((name) => ({
      name,
      groups: ['all'],
      vars: { ansible_connection: 'local', inventory_dir: dir },
      connect: async () => (name === 'lost' ? Promise.reject(new Error('gone')) : shellHost(undefined, name)),
    }));
    const trust = role({
      name: 'trust',
      description: '',
      tasks: ({ name }) => [file(at(`${name}.pem`), { content: caCertificate(at('pki/site')) })],
    });
    const code = await startRun(
      {
        name: 'site',
        description: '',
        plays: [plainPlay({ hosts: 'web', roles: [trust], serial: 1 }) as Play],
      },
      { ...WHOLE_RUN, select: () => hosts, check, sink },
    ).done;
    return { code, errors: sink.events.flatMap((one) => (one.event === 'error' ? [one.message] : [])) };
  }

  it('it is made where no host of any batch has one', async () => {
    expect(await rollOut(['a', 'b'], true)).toEqual({ code: 0, errors: [] });
    expect(existsSync(at('pki'))).toBe(false);
    expect(await rollOut(['a', 'b'])).toEqual({ code: 0, errors: [] });
    const made = readFileSync(at('pki/site/ca.pem'), 'utf8');
    expect([readFileSync(at('a.pem'), 'utf8'), readFileSync(at('b.pem'), 'utf8')]).toEqual([made, made]);
  });

  it('it is not made, and no host is changed, where one of a later batch has one, or cannot be asked', async () => {
    expect((await rollOut(['b'])).code).toBe(0);
    rmSync(at('pki'), { recursive: true });
    const refused = {
      code: 3,
      errors: [expect.stringMatching(/^b: the CA in .* is not on this machine, and hosts/)],
    };
    expect(await rollOut(['a', 'b'], true)).toEqual(refused);
    expect(await rollOut(['a', 'b'])).toEqual(refused);
    expect((await rollOut(['a', 'lost'])).code).not.toBe(0);
    expect([existsSync(at('a.pem')), existsSync(at('pki'))]).toEqual([false, false]);
  });
});

it('a play that has nothing to do with a CA of an earlier one is not looked at whole', async () => {
  const dir = scratch();
  const vars = { ansible_connection: 'local', inventory_dir: dir };
  const gone = new QuorateError('lost: gone', { exitCode: EXIT.unreachable, host: 'lost' });
  const hosts = ['a', 'b', 'c', 'lost'].map((name) => ({
    name,
    groups: ['all'],
    vars,
    connect: async () => (name === 'lost' ? Promise.reject(gone) : shellHost(undefined, name)),
  }));
  const wants = (name: string, content: () => ReturnType<typeof caCertificate>) =>
    role({
      name,
      description: '',
      tasks: (host) => [file(join(dir, `${host.name}.${name}`), { content: content() })],
    });
  const trust = wants('pem', () => caCertificate(join(dir, 'pki/site')));
  const plays = [
    plainPlay({ hosts: 'one', roles: [trust] }),
    plainPlay({ hosts: 'all', roles: [wants('txt', () => 'x')], serial: 2, maxFailPercentage: 60 }),
  ];
  const code = await startRun(
    { name: 'site', description: '', plays: plays as Play[] },
    {
      ...WHOLE_RUN,
      select: (pattern) => (pattern === 'one' ? hosts.slice(0, 1) : hosts),
      check: false,
      sink: recorder(),
    },
  ).done;
  const made = ['a.pem', 'a.txt', 'b.txt', 'c.txt'].filter((name) => existsSync(join(dir, name)));
  expect([code, made]).toEqual([EXIT.unreachable, ['a.pem', 'a.txt', 'b.txt', 'c.txt']]);
});
