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

it('a role can tell which hosts of its play nobody has looked at: left out, or not reached', async () => {
  const vars = { ansible_connection: 'local', inventory_dir: scratch() };
  const hosts = ['a', 'left-out', 'lost', 'other'].map((name) => ({
    name,
    groups: ['all'],
    vars,
    connect: async () => (name === 'lost' ? Promise.reject(new Error('gone')) : shellHost(undefined, name)),
  }));
  let seen: readonly string[] = [];
  const tasks = () => {
    seen = unread.own.names;
    return [];
  };
  const roles = [role({ name: 'web', description: '', tasks })];
  await startRun(
    { name: 'site', description: '', plays: [plainPlay({ hosts: 'web', roles }) as Play] },
    {
      ...WHOLE_RUN,
      select: () => hosts.slice(0, 3),
      limit: ({ name }) => name !== 'left-out',
      check: true,
      sink: recorder(),
    },
  ).done;
  expect(seen).toEqual(['left-out', 'lost']);
});
