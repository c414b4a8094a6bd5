import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataFacts } from '../../../../lib/etcd/facts/data-facts.ts';
import { occupiedFacts, parseOccupied } from '../../../../lib/etcd/facts/occupied.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

const LOG = '0000000000000000-0000000000000000.wal';

describe.each(SHELLS)('a directory that is to become the member’s, under %s', (_name, file, ...args) => {
  it.each<[string, files: readonly string[], vars: object, manifest: string, occupied: readonly object[]]>([
    ['is not there', [], {}, '', []],
    ['is empty, but for what a file system has', ['data/lost+found/.x'], {}, '', []],
    ['has what was set aside there', ['data/.etcd.destroyed-20261127T000000Z.quorate-aside/x'], {}, '', []],
    ['is a member’s', ['data/member/snap/db', 'data/notes'], {}, '', []],
    ['has things of others', ['data/mysql/x'], {}, '', [{ dir: 'data', entry: 'mysql' }]],
    ['has a hidden one', ['data/.git/x'], {}, '', [{ dir: 'data', entry: '.git' }]],
    ['has one whose name is not to be told', ['data/a\nowner x/y'], {}, '', [{ dir: 'data' }]],
    ['is ours by the manifest', ['data/mysql/x'], {}, 'data', []],
    ['is its user’s', ['data/mysql/x'], { etcd_user: 'nobody_here' }, '', [{ dir: 'data', entry: 'mysql' }]],
    ['is its user’s in truth', ['data/mysql/x'], { etcd_user: userInfo().username }, '', []],
    ['is above the log', ['l/mysql', `l/wal/${LOG}`], { wal: 'l/wal' }, '', [{ dir: 'l', entry: 'mysql' }]],
    ['has the log and what replaces it', [`l/wal/${LOG}`, 'l/wal.tmp/x'], { wal: 'l/wal' }, '', []],
    ['is to be the log', ['l/wal/x'], { wal: 'l/wal' }, '', [{ dir: 'l/wal', entry: 'x' }]],
    ['is where it logs', ['log/syslog'], { log: 'log/etcd.log' }, '', [{ dir: 'log', entry: 'syslog' }]],
    ['has its log', ['log/etcd.log', 'log/etcd-2026-11-27.log'], { log: 'log/etcd.log' }, '', []],
  ])('%s', (_what, files, vars, manifest, occupied) => {
    const dir = scratch();
    for (const path of files) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), '');
    }
    writeFileSync(join(dir, 'manifest'), manifest && `${join(dir, manifest)}\n`);
    const { wal, log, ...others } = vars as { wal?: string; log?: string };
    const all = {
      ...DEFAULTS,
      etcd_user: 'nobody_here',
      etcd_data_dir: join(dir, 'data'),
      ...(wal && { etcd_wal_dir: join(dir, wal) }),
      ...(log && { etcd_settings: { 'log-outputs': join(dir, log) } }),
      ...others,
    };
    const member = memberOf({ name: 'a', vars: all, hostvars: { a: all } });
    const script = `q_state=${dir}\n${dataFacts(member).text}\n${occupiedFacts(member).text}`;
    const { stdout, stderr } = spawnSync(file ?? 'sh', [...args, '-c', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(parseOccupied(stdout.replaceAll(`${dir}/`, ''))).toEqual(occupied);
  });
});
