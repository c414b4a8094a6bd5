import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { program } from '../../program.ts';

const PLAYBOOK = program('test/unit/cli/bugPlaybook.ts');
const SECRET = 'kanarien"vogel\\7';

const dir = mkdtempSync(join(tmpdir(), 'quorate-bug-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Runs the playbook at highest verbosity; gives the exit code and everything that it has shown. */
async function run(bug: string, output: string) {
  const inventory = join(dir, 'inventory.yaml');
  writeFileSync(inventory, 'all: { hosts: { here: { ansible_connection: local } } }\n');
  const log = join(dir, `${bug}.log`);
  const args = ['-i', inventory, '-vvv', '--diff', '--log', log, '--output', output];
  return new Promise<{ code: unknown; said: string; stdout: string }>((resolve) => {
    execFile(
      process.execPath,
      [PLAYBOOK, ...args],
      { env: { ...process.env, BUG: bug, BUG_SECRET: SECRET } },
      (error, stdout, stderr) => {
        const logged = existsSync(log) ? readFileSync(log, 'utf8') : '';
        resolve({ code: error?.code ?? 0, said: stdout + stderr + logged, stdout });
      },
    );
  });
}

it.concurrent.each([
  ['before the run', 'refuses', 'plain'],
  ['before the run, as JSON', 'refuses', 'json'],
  ['while hosts are changed', 'strategy', 'json'],
  ['in a timer, past every catch', 'timer', 'plain'],
  ['in a promise that nobody waits for', 'promise', 'json'],
])('a bug %s ends with 70, and does not show the secret it carries', async (_where, bug, output) => {
  const { code, said, stdout } = await run(bug, output);
  expect(code).toBe(70);
  expect(said).toMatch(/a bug of ours: TypeError: cannot read \*{8}, nor \\?"\*{8}/);
  expect(said).not.toMatch(/kanarien|vogel/);
  if (output === 'json') {
    for (const line of stdout.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  }
});

it('an error while a role is built is that of the role: it says where, and does not show the secret', async () => {
  const { code, said } = await run('role', 'pretty');
  expect(code).toBe(2);
  expect(said).toMatch(/here: role role cannot be built: TypeError: cannot read \*{8}, nor "\*{8}/);
  expect(said).toMatch(/bugPlaybook\.js:\d+:\d+/);
  expect(said).not.toMatch(/kanarien|vogel|a bug of ours/);
});
