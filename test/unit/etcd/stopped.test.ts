import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../lib/dsl/shell/prelude.ts';
import { memberOf } from '../../../lib/etcd/model/cluster.ts';
import { pidFile } from '../../../lib/etcd/model/paths.ts';
import { refuseUnlessStopped } from '../../../lib/etcd/stopped.ts';
import { DEFAULTS } from '../support/defaults.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

describe.each(SHELLS)('a member that is a plain process, under %s', (_name, file, ...args) => {
  it.each<[what: string, pid: string | undefined, stopped: boolean]>([
    ['never started', undefined, true],
    ['killed, with its file left', '999999 1', true],
    ['another process has its number', '$$ 1', true],
    ['it runs', '$$ $(q_born $$)', false],
  ])('%s', (_what, pid, stopped) => {
    const dir = scratch();
    const vars = {
      ...DEFAULTS,
      etcd_service_manager: 'process',
      etcd_address: '127.0.0.1',
      etcd_config_dir: join(dir, 'cfg'),
    };
    const member = { ...memberOf({ name: 'etcd01', vars, hostvars: { etcd01: vars } }), stateDir: dir };
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'lay'), pid === undefined ? ':' : `echo "${pid}" >${pidFile(member)}`);
    const script = `${PRELUDE}\n. ${join(dir, 'lay')}\n${refuseUnlessStopped(member).text}\necho through`;
    const { stdout } = spawnSync(file, [...args, '-c', script], { encoding: 'utf8' });
    expect(stdout.trim() === 'through').toBe(stopped);
  });
});
