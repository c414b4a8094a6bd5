import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataFacts } from '../../../../lib/etcd/facts/data-facts.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

const LOG = '0000000000000000-0000000000000000.wal';

describe.each(SHELLS)('where the data of a member is, under %s', (_name, file, ...args) => {
  it.each<[string, files: readonly string[], walDir: string | undefined, said: readonly string[]]>([
    ['nothing', [], undefined, []],
    ['a directory that was made', ['data/.keep'], undefined, ['data empty']],
    [
      'all of it in the data directory',
      ['data/member/snap/db', `data/member/wal/${LOG}`],
      undefined,
      ['data present'],
    ],
    ['the log on a disk of its own', ['data/member/snap/db', `log/wal/${LOG}`], 'log/wal', ['data present']],
    ['the log alone', [`log/wal/${LOG}`], 'log/wal', ['data present']],
    ['a directory for the log that was made', ['log/wal/.keep'], 'log/wal', []],
    [
      'the log in the data directory, wanted elsewhere',
      [`data/member/wal/${LOG}`],
      'log/wal',
      ['data present', 'wal-elsewhere DIR/data/member/wal'],
    ],
    [
      'the log elsewhere, wanted in the data directory',
      ['data/member/snap/db', `log/wal/${LOG}`, 'cfg/etcd.conf'],
      undefined,
      ['data present', 'wal-elsewhere DIR/log/wal'],
    ],
  ])('%s', (_what, files, walDir, said) => {
    const dir = scratch();
    for (const path of files) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), `ETCD_NAME="a"\nETCD_WAL_DIR="${dir}/log/wal"\n`);
    }
    const vars = {
      ...DEFAULTS,
      etcd_data_dir: join(dir, 'data'),
      etcd_config_dir: join(dir, 'cfg'),
      ...(walDir !== undefined && { etcd_wal_dir: join(dir, walDir) }),
    };
    const member = memberOf({ name: 'a', vars, hostvars: { a: vars } });
    const { stdout } = spawnSync(file ?? 'sh', [...args, '-c', dataFacts(member).text], { encoding: 'utf8' });
    const lines = stdout.replaceAll(dir, 'DIR').split('\n').filter(Boolean);
    expect(lines.filter((line) => !line.startsWith('data-owner '))).toEqual(said);
  });

  it.each<[string, (data: string) => void, string]>([
    ['a plain file', (data) => writeFileSync(data, ''), 'a file'],
    [
      'a link that leads nowhere',
      (data) => symlinkSync('/mnt/gone', data),
      'a link to /mnt/gone, where nothing is',
    ],
  ])('is told apart from data that is lost: %s', (_what, make, instead) => {
    const data = join(scratch(), 'data');
    make(data);
    const vars = { ...DEFAULTS, etcd_data_dir: data };
    const member = memberOf({ name: 'a', vars, hostvars: { a: vars } });
    const { stdout } = spawnSync(file ?? 'sh', [...args, '-c', dataFacts(member).text], { encoding: 'utf8' });
    expect(stdout).toBe(`data-instead ${instead}\n`);
  });
});
