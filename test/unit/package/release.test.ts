import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, it } from 'vitest';
import { scratch } from '../support/scratch.ts';

const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));

/** A repository with all that a release touches; npm and .ci/run only say that they were asked. */
let dir: string;
const at = (name: string) => join(dir, 'checkout', name);
const said = () => readFileSync(join(dir, 'log'), 'utf8').trim().split('\n');
const git = (...args: string[]) => execFileSync('git', ['-C', at(''), ...args], { encoding: 'utf8' }).trim();

function write(name: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
  chmodSync(at(name), mode);
}

beforeEach(() => {
  dir = scratch();
  write('CHANGELOG.md', '# Changelog\n\n## Unreleased\n- One.\n');
  write('lib/version.ts', "export const VERSION = '0.1.0';\n");
  write('.ci/run', `echo ci >>${join(dir, 'log')}\n`);
  write('../bin/npm', `#!/bin/sh\necho "npm $*" >>${join(dir, 'log')}\n`, 0o755);
  mkdirSync(at('package'));
  copyFileSync(join(CHECKOUT, 'package/release.ts'), at('package/release.ts'));
  execFileSync('git', ['init', '-q', '--bare', join(dir, 'origin')]);
  git('init', '-q', '-b', 'main');
  for (const [key, value] of Object.entries({ 'user.name': 'ann', 'user.email': 'ann@x' }))
    git('config', key, value);
  git('remote', 'add', 'origin', join(dir, 'origin'));
  git('add', '-A');
  git('commit', '-qm', 'begin');
  git('push', '-qu', 'origin', 'main');
});

function release(...args: readonly string[]) {
  return spawnSync(process.execPath, ['--import', 'tsx', at('package/release.ts'), ...args], {
    cwd: CHECKOUT,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(dir, 'bin')}:${process.env.PATH}` },
  });
}

it('a release sets the version, heads the changelog, tests, tags, publishes and pushes', () => {
  expect(release('0.2.0')).toMatchObject({ status: 0 });
  expect(said()).toEqual(['npm version 0.2.0 --no-git-tag-version', 'ci', 'npm publish']);
  expect(readFileSync(at('CHANGELOG.md'), 'utf8')).toMatch(
    /^# Changelog\n\n## Unreleased\n\n## 0\.2\.0 \(\d{4}-\d\d-\d\d\)\n- One\.\n$/,
  );
  expect(readFileSync(at('lib/version.ts'), 'utf8')).toContain("'0.2.0'");
  expect([git('status', '--porcelain'), git('ls-remote', '--tags', 'origin')]).toEqual([
    '',
    expect.stringContaining('refs/tags/v0.2.0'),
  ]);
  expect(git('rev-parse', 'origin/main')).toBe(git('rev-parse', 'v0.2.0^{commit}'));
});

it('is not made of what is not committed, and published of nothing that fails its tests', () => {
  write('.ci/run', 'exit 1\n');
  expect(release('0.2.0')).toMatchObject({ status: 1, stderr: expect.stringContaining('not committed') });
  git('commit', '-qam', 'breaks');
  expect(release('0.2.0')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('.ci/run ended with 1'),
  });
  expect([said(), git('tag')]).toEqual([['npm version 0.2.0 --no-git-tag-version'], '']);
});
