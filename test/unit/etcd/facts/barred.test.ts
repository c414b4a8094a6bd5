import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { barredFacts, parseBarred } from '../../../../lib/etcd/facts/barred.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

const OWNER = userInfo().username;

describe.each(SHELLS)('a folder above the data of a member, under %s', (_name, file, ...args) => {
  it.each<[string, mode: number, user: string, barred: boolean]>([
    ['lets everybody through', 0o711, 'nobody_here', false],
    ['is closed to the user that is yet to come', 0o700, 'nobody_here', true],
    ['is open to its owner', 0o700, OWNER, false],
    ['lets others look, and not enter', 0o744, 'nobody_here', true],
  ])('%s', (_what, mode, user, barred) => {
    const dir = scratch();
    chmodSync(dir, 0o755);
    mkdirSync(join(dir, 'etcd'));
    chmodSync(join(dir, 'etcd'), mode);
    const vars = {
      ...DEFAULTS,
      etcd_user: user,
      etcd_group: 'nobody_here',
      etcd_data_dir: join(dir, 'etcd/default.etcd'),
    };
    const member = memberOf({ name: 'a', vars, hostvars: { a: vars } });
    const { stdout } = spawnSync(file ?? 'sh', [...args, '-c', barredFacts(member).text], {
      encoding: 'utf8',
    });
    const found = parseBarred(stdout).filter(({ path }) => path.startsWith(dir));
    expect(found).toEqual(barred ? [{ path: join(dir, 'etcd'), owner: OWNER, mode: mode.toString(8) }] : []);
  });
});
