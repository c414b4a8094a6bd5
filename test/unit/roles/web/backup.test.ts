import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { backup } from '../../../../roles/web/backup.ts';
import { scratch } from '../../support/scratch.ts';

let dir: string;
beforeEach(() => {
  dir = scratch();
  mkdirSync(join(dir, 'www/site'), { recursive: true });
  mkdirSync(join(dir, 'to'));
  for (const day of [1, 2, 3]) writeFileSync(join(dir, `to/site-2020010${day}T000000Z.tgz`), 'good');
});

const run = (to = join(dir, 'to')) => {
  const { text } = backup({ parent: join(dir, 'www'), name: 'site', to, keep: 3 });
  return spawnSync('sh', ['-c', text], { cwd: dir }).status;
};
const kept = () => readdirSync(join(dir, 'to')).filter((name) => name.endsWith('.tgz'));

it('a backup takes the place of the oldest', () => {
  expect(run()).toBe(0);
  expect(kept()).toHaveLength(3);
  expect(kept()).not.toContain('site-20200101T000000Z.tgz');
});

it('a backup that fails removes none, and has no name', () => {
  const before = kept();
  expect(spawnSync('rmdir', [join(dir, 'www/site')]).status).toBe(0);
  expect(run()).not.toBe(0);
  expect(kept()).toEqual(before);
});

it('a backup whose folder is gone touches no other', () => {
  writeFileSync(join(dir, 'site-20200101T000000Z.tgz'), 'of others');
  for (const day of [2, 3, 4]) writeFileSync(join(dir, `site-2020010${day}T000000Z.tgz`), 'of others');
  expect(run(join(dir, 'gone'))).not.toBe(0);
  expect(existsSync(join(dir, 'site-20200101T000000Z.tgz'))).toBe(true);
  expect(readdirSync(dir)).not.toContain('.new');
});
