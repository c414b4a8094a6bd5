import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

it.each([
  ['without its ending', 'playbooks/site'],
  ['from its folder', './playbooks/../playbooks/site.ts'],
])('a playbook runs when it is named %s', (_, path) => {
  const { stdout, stderr, status } = start(path, '--version');
  expect({ stdout, stderr, status }).toMatchObject({
    stdout: expect.stringMatching(/^\d+\./),
    stderr: '',
    status: 0,
  });
});

it.each([
  ['json', false],
  ['--output json --nonsense', true],
  ['--output=json --nonsense', true],
  ['--nonsense --output', false],
])('an error on the command line "%s" is JSON: %s', (words, json) => {
  const { stdout, status } = start('playbooks/site.ts', ...words.split(' '));
  expect(status).toBe(1);
  expect(stdout.startsWith('{')).toBe(json);
});

function start(...args: string[]) {
  return spawnSync(process.execPath, ['--import', 'tsx', ...args], { cwd: ROOT, encoding: 'utf8' });
}
