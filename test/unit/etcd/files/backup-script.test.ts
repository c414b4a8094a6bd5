import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../../lib/dsl/shell/prelude.ts';
import { type Intent, writeIntent } from '../../../../lib/etcd/facts/intent.ts';
import { backupScript } from '../../../../lib/etcd/files/backup-script.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { fakeCluster } from '../../support/fake-cluster.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

/** When this process began, as locks name it. */
const born = readFileSync('/proc/self/stat', 'utf8')
  .replace(/^.*\) /s, '')
  .split(' ')[19];

const restore: Intent = {
  verb: 'restore',
  target: 'snapshot sha256:a "done":" b',
  runId: '20261128T100000Z-abc',
};
const rotation: Intent = { ...restore, verb: 'certs' };

describe.each(SHELLS)('the script of the timer, by %s', (_name, file = 'sh', ...args) => {
  const run = (prepare: (stateDir: string) => void) => {
    const stateDir = join(scratch(), "it's");
    mkdirSync(stateDir);
    prepare(stateDir);
    const member = {
      ...memberOf(fakeCluster([{}]).hosts[0]!.target),
      stateDir,
      binDir: join(stateDir, 'none'),
    };
    const { status, stdout } = spawnSync(file, [...args, '-c', backupScript(member, undefined)], {
      encoding: 'utf8',
    });
    return [status, stdout.split('\n')[0]];
  };
  const lock = (owner: string) => (stateDir: string) => symlinkSync(owner, join(stateDir, 'lock'));
  const intent = (what: Intent) => (stateDir: string) => {
    const script = `${PRELUDE}\n${writeIntent({ stateDir }, what).text}`;
    execFileSync('sh', ['-c', script]);
  };

  it.each([
    ['a run has the host', lock(`${process.pid}:${born}:ann@ops1`), 'a run of ann@ops1 has the host'],
    ['a person has it', (dir: string) => writeFileSync(join(dir, 'hold'), '{}\n'), 'the host is on hold'],
  ])('ends well, and says why, where %s', (_what, prepare, said) => {
    expect(run(prepare)).toEqual([0, `${said}: no snapshot is taken`]);
  });

  it.each([
    ['a restore', intent(restore)],
    ['a recovery', intent({ ...restore, verb: 'recover', under: rotation })],
  ])('fails where %s is half-way, and says what ends that', (_what, prepare) => {
    const [status, said] = run(prepare);
    expect(status).toBe(1);
    expect(said).toMatch(
      /^a restore or a recovery is not finished: no snapshot is taken; finish it .*, remove \/.*\/it's\/intent$/,
    );
  });

  it.each([
    ['nobody has the host', () => {}],
    ['the run that had it is gone', lock(`${process.pid}:1:ann@ops1`)],
    ['a restore is done', intent({ ...restore, done: '20261128T110000Z-def', under: rotation })],
    ['a CA is rotated', intent(rotation)],
  ])('goes on where %s', (_what, prepare) => {
    const [status, said] = run(prepare);
    expect(status).not.toBe(0);
    expect(said).not.toContain('no snapshot is taken');
  });
});
