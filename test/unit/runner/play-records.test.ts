import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { wholePlaybook } from '../../../lib/cli/playbook.ts';
import { asHolder } from '../../../lib/dsl/hold/hold.ts';
import { type PlainPlay, play } from '../../../lib/dsl/plain-play.ts';
import { role } from '../../../lib/dsl/role.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { archive } from '../../../lib/resources/archive/index.ts';
import { certificate } from '../../../lib/resources/certificate.ts';
import { file } from '../../../lib/resources/file.ts';
import { startRun } from '../../../lib/runner/run.ts';
import { recorder } from '../support/recorder.ts';
import { WHOLE_RUN } from '../support/run-options.ts';
import { scratch } from '../support/scratch.ts';
import { shellHost } from '../support/shell-host.ts';
import { SHELLS } from '../support/shells.ts';

let dir: string;
beforeEach(() => {
  dir = join(scratch(), 'ho st');
  mkdirSync(dir);
});
const at = (name: string) => join(dir, name);

/** What an earlier release wrote: what was made lay with the playbook, and the rest by the place of the play. */
function keptByPlace(name: string): void {
  renameSync(at('.quorate/site'), at(`.quorate/${name}`));
  mkdirSync(at('.quorate/site/here'), { recursive: true });
  renameSync(at(`.quorate/${name}/here/made`), at('.quorate/site/here/made'));
  writeFileSync(at(`.quorate/${name}/here/owner`), `playbook ${name}\n`);
}

/** Each play, with what it wants; a host's records lie in `.quorate`. */
async function run(
  plays: readonly (Partial<PlainPlay> & { tasks: readonly Task[] })[],
  { check = false, shell = ['sh'] }: { check?: boolean; shell?: readonly string[] } = {},
) {
  const sink = recorder();
  const vars = { ansible_connection: 'local', inventory_dir: dir };
  const host = { name: 'here', groups: ['all'], vars, connect: async () => shellHost(shell) };
  const whole = wholePlaybook({
    name: 'site',
    plays: plays.map(({ tasks, ...more }) =>
      play({ hosts: 'all', roles: [role({ name: 'r', tasks: () => tasks })], ...more }),
    ),
  });
  const code = await startRun(whole, {
    ...WHOLE_RUN,
    select: () => [host],
    check,
    detailedExitcode: check,
    sink,
  }).done;
  const errors = sink.events.flatMap((one) => (one.event === 'error' ? [`${one.message}; ${one.hint}`] : []));
  return { code, errors };
}

describe.each(SHELLS)('what a host records of a play without a name, under %s', (_name, ...shell) => {
  const app = (content: string) => {
    if (!existsSync(at(`${content}.tar`))) {
      writeFileSync(at('app'), content);
      execFileSync('tar', ['-cf', at(`${content}.tar`), '-C', dir, 'app']);
    }
    return { tasks: [archive(at('out'), { source: at(`${content}.tar`), creates: 'app' })] };
  };
  const front = { tasks: [] };
  const unpacked = () => readFileSync(at('out/app'), 'utf8');

  it('is known when another play comes before it', async () => {
    expect(await run([app('one')], { shell })).toEqual({ code: 0, errors: [] });
    expect((await run([front, app('one')], { shell, check: true })).code).toBe(0);
    expect(await run([front, app('two')], { shell })).toEqual({ code: 0, errors: [] });
    expect(unpacked()).toBe('two');
    expect(readdirSync(at('.quorate'))).toEqual(['site']);
  });

  it('is known where an earlier release kept it by the place of the play, until it is known better', async () => {
    expect(await run([app('one')], { shell })).toEqual({ code: 0, errors: [] });
    keptByPlace('site-12');
    expect((await run([app('one'), front], { shell, check: true })).code).toBe(0);
    for (const content of ['two', 'one']) {
      expect(await run([app(content), front], { shell })).toEqual({ code: 0, errors: [] });
      expect(unpacked()).toBe(content);
    }
  });

  it('is not that of another playbook, which is called as a play of ours would have been', async () => {
    expect(await run([app('one')], { shell })).toEqual({ code: 0, errors: [] });
    renameSync(at('.quorate/site'), at('.quorate/site-2'));
    // Of what is there nobody knows where it is from, and it stays.
    expect(await run([app('two')], { shell })).toEqual({ code: 0, errors: [] });
    expect(unpacked()).toBe('one');
  });
});

it('a certificate is that which was installed, by whichever play', async () => {
  const cert = () => ({ tasks: [certificate(at('c.pem'), { key: at('k.pem'), names: ['x'] })] });
  const done = { code: 0, errors: [] };
  expect(await run([{ tasks: [] }, cert()])).toEqual(done);
  const check = { check: true };
  expect(await run([cert(), { tasks: [] }], check)).toEqual(done);
  keptByPlace('site-3');
  expect(await run([cert()], check)).toEqual(done);
});

describe('a hold of the playbook', () => {
  const changing = (name: string) => ({ tasks: [file(at(name), { content: '' })] });
  const hold = (play: string) => {
    mkdirSync(at(`.quorate/${play}/here`), { recursive: true });
    writeFileSync(at(`.quorate/${play}/here/hold`), JSON.stringify(asHolder({ message: 'disk swap' })));
  };

  it('holds each of its plays, also where another has nothing to do, or one has a name or an id', async () => {
    hold('site');
    const held = [expect.stringMatching(/on hold by .*disk swap; ask them; .* site --release ends it/)];
    for (const more of [{}, { name: 'web' }, { id: 'web' }])
      expect(await run([{ tasks: [] }, { ...changing('a'), ...more }])).toEqual({ code: 6, errors: held });
  });

  it.each([
    ['web', { name: 'web' }],
    ['web', { id: 'web', name: 'other' }],
    ['site-2', {}],
  ])('is none where %s is held: the other plays go on', async (name, more) => {
    hold(name);
    expect((await run([changing('a')])).code).toBe(0);
    const { code, errors } = await run([{ tasks: [] }, { ...changing('b'), ...more }]);
    expect([code, errors]).toEqual([6, [expect.stringContaining(` ${name} --release ends it`)]]);
  });
});
