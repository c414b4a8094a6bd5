import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const [version = ''] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) stop('usage: npm run release -- 1.2.3');
if (run('git', ['status', '--porcelain'], 'pipe') !== '') stop('there are changes that are not committed');
if (run('git', ['branch', '--show-current'], 'pipe') !== 'main') stop('a release is made of main');
edit(
  'CHANGELOG.md',
  '## Unreleased\n',
  `## Unreleased\n\n## ${version} (${new Date().toISOString().slice(0, 10)})\n`,
);
edit('lib/version.ts', /VERSION = '.*'/, `VERSION = '${version}'`);
run('npm', ['version', version, '--no-git-tag-version']);
run('bash', ['.ci/run']);
run('git', ['commit', '-am', `release: ${version}`]);
run('git', ['tag', '-a', `v${version}`, '-m', `Quorate ${version}`]);
run('npm', ['publish']);
run('git', ['push', '--follow-tags']);

function run(command: string, args: readonly string[], output: 'pipe' | 'inherit' = 'inherit'): string {
  const { status, stdout } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['inherit', output, 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) stop(`${command} ${args.join(' ')} ended with ${status}`);
  return (stdout ?? '').trim();
}

function edit(file: string, before: string | RegExp, after: string): void {
  const text = readFileSync(`${ROOT}${file}`, 'utf8');
  const edited = text.replace(before, after);
  if (edited === text) stop(`${file} is not as expected`);
  writeFileSync(`${ROOT}${file}`, edited);
}

function stop(why: string): never {
  console.error(why);
  process.exit(1);
}
