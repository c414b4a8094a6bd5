import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../../lib/dsl/shell/prelude.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import { ownFolder } from '../../../../lib/etcd/snapshots/own-folder.ts';
import { memberBelow } from '../../support/member-below.ts';
import { scratch } from '../../support/scratch.ts';

const NOBODY = 65534;

describe.runIf(process.getuid?.() === 0)('the folder of snapshots', () => {
  /** Who owns it afterwards, and with which mode. */
  function owned(before: (dir: string) => void): string {
    const root = scratch();
    chmodSync(root, 0o755);
    const backupDir = `${root}/backups/etcd`;
    mkdirSync(`${root}/backups`);
    before(backupDir);
    // Nobody need be become: a word is enough.
    const script = sh`q_become=env q_user=nobody; ${ownFolder({ ...memberBelow(root).member, backupDir })}`;
    execFileSync('sh', ['-c', `${PRELUDE}\n${script.text}`], { stdio: 'pipe' });
    const { uid, mode } = statSync(backupDir);
    return `${uid} ${(mode & 0o777).toString(8)}`;
  }

  it.each<[what: string, before: (dir: string) => void]>([
    ['is not there', () => {}],
    ['is left by a run that was killed before it could hand it over', (dir) => mkdirSync(dir, 0o700)],
    ['is a new disk', (dir) => mkdirSync(`${dir}/lost+found`, { recursive: true })],
  ])('is made the member’s user’s where it %s', (_what, before) =>
    expect(owned(before)).toBe(`${NOBODY} 700`),
  );

  it('stays somebody else’s where it has something', () => {
    const theirs = (dir: string) => {
      mkdirSync(dir);
      writeFileSync(`${dir}/theirs`, '');
    };
    expect(() => owned(theirs)).toThrow(expect.objectContaining({ stdout: expect.anything() }));
  });
});
