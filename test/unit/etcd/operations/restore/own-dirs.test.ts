import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../../../lib/dsl/shell/prelude.ts';
import { sh } from '../../../../../lib/dsl/shell/sh.ts';
import { ownDirs } from '../../../../../lib/etcd/operations/restore/own-dirs.ts';
import { memberBelow } from '../../../support/member-below.ts';
import { scratch } from '../../../support/scratch.ts';
import { SHELLS } from '../../../support/shells.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

/** Hands over the folders of a member below `root`. `$q_become` is a word of its own, since nobody need be become. */
function hand(root: string, become: string, [file = 'sh', ...args]: readonly string[] = []) {
  const member = { ...memberBelow(root).member, walDir: `${root}/log/wal` };
  const script = sh`q_become=${become} q_user=nobody; ${ownDirs(member)}`;
  execFileSync(file, [...args, '-c', `${PRELUDE}\n${script.text}`]);
  return [member.dataDir, `${root}/log`].map((path) => {
    const { uid, mode } = statSync(path);
    return `${uid} ${(mode & 0o777).toString(8)}`;
  });
}

it.each(SHELLS)('makes folders that are gone, by %s', (_name, ...shell) => {
  const own = process.getuid?.();
  expect(hand(`${scratch()}/not/there`, '', shell)).toEqual([`${own} 700`, `${own} 755`]);
});

describe.runIf(isRoot)('the folders of a member on a new disk', () => {
  it.each<[what: string, handed: boolean, before: (root: string) => void]>([
    ['are gone', true, () => {}],
    ['are root’s, and empty', true, (root) => mkdirSync(`${root}/data`)],
    ['have what every disk has', true, (root) => mkdirSync(`${root}/data/lost+found`, { recursive: true })],
    [
      'have what was set aside',
      true,
      (root) => mkdirSync(`${root}/data/.x.quorate-aside`, { recursive: true }),
    ],
    ['have a file', false, (root) => file(`${root}/data`, 'theirs')],
    ['have a hidden file', false, (root) => file(`${root}/data`, '.theirs')],
    ['are somebody’s', false, (root) => mkdirSync(`${root}/data`) ?? chownSync(`${root}/data`, 7, 7)],
    [
      'are a link to an empty folder',
      false,
      (root) => {
        mkdirSync(`${root}/other`);
        symlinkSync(`${root}/other`, `${root}/data`);
      },
    ],
  ])('that %s: handed to its user: %s', (_what, handed, before) => {
    const root = scratch();
    chmodSync(root, 0o755);
    before(root);
    const [data, log] = hand(root, 'env');
    expect([data === `${NOBODY} 700`, log]).toEqual([handed, `${NOBODY} 755`]);
  });

  function file(dir: string, name: string) {
    mkdirSync(dir);
    writeFileSync(`${dir}/${name}`, '');
  }
});
