import { expect, it } from 'vitest';
import { unread } from '../../../lib/dsl/common/unread.ts';
import { plainPlay } from '../../../lib/dsl/plain-play.ts';
import type { Play } from '../../../lib/dsl/play.ts';
import { role } from '../../../lib/dsl/role.ts';
import { startRun } from '../../../lib/runner/run.ts';
import { recorder } from '../support/recorder.ts';
import { WHOLE_RUN } from '../support/run-options.ts';
import { scratch } from '../support/scratch.ts';
import { shellHost } from '../support/shell-host.ts';

/** Which hosts of its play a role is told of, when it makes the tasks of each. */
async function told(names: readonly string[], of: { readonly serial?: number } = {}) {
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
      check: true,
      sink: recorder(),
    },
  ).done;
  return Object.fromEntries(seen);
}

it('a role can tell which hosts of its play nobody has looked at: left out, or not reached', async () => {
  expect(await told(['a', 'left-out', 'lost'])).toMatchObject({ a: ['left-out', 'lost'] });
});

it('a role can tell that nobody has looked yet at hosts of a later batch', async () => {
  expect(await told(['a', 'b', 'c', 'left-out'], { serial: 2 })).toEqual({
    a: ['c', 'left-out'],
    b: ['c', 'left-out'],
    c: ['left-out'],
  });
});
