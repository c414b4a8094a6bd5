import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { PRELUDE } from '../../../lib/dsl/shell/prelude.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { ORDINARY } from '../../../lib/etcd/facts/index.ts';
import { config } from '../../../roles/config.ts';
import { DEFAULTS } from '../support/defaults.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

it.each(
  SHELLS.flatMap(([name, ...shell]) =>
    ['active', 'deactivating', 'inactive'].map((state) => [name, state, shell] as const),
  ),
)('data makes way only once nothing works on it, by %s: %s', (_name, state, [file = 'sh', ...args]) => {
  const data = join(scratch(), 'data');
  mkdirSync(join(data, 'member'), { recursive: true });
  const vars = { ...DEFAULTS, etcd_address: '10.0.0.1', etcd_data_dir: data };
  const facts = { ...ORDINARY, setAside: true };
  const target = { name: 'etcd01', vars, hostvars: { etcd01: vars }, facts };
  const aside = config.tasks(target).find(({ resource }) => resource === `set-aside:${data}`);
  const changes = aside?.diff({ code: 0, out: 'there\n' }, new World()) ?? [];
  const systemctl = `systemctl() { case $1 in show) echo ActiveState=${state} ;; *) return 1 ;; esac; }
chown() { :; }`;
  const input = `${PRELUDE}\n${systemctl}\n${aside?.apply(changes, {}).text}`;
  const { status, stdout } = spawnSync(file, args, { input, encoding: 'utf8' });
  expect([status, existsSync(data)]).toEqual(state === 'inactive' ? [0, false] : [1, true]);
  expect(stdout).toContain(state === 'inactive' ? `moved to ${dirname(data)}/` : 'etcd is not stopped');
});
