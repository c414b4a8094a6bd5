import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { program } from '../../program.ts';

const PROGRAM = `
import { createReport } from ${JSON.stringify(program('lib/report/index.ts'))};
const report = createReport({ output: process.argv[1], diff: false, check: false, verbosity: 0 });
for (let i = 0; i < 20; i++) {
  report.emit({ event: 'log', level: 'info', message: 'x'.repeat(20_000) });
  await new Promise((resolve) => setTimeout(resolve, 10));
}
await report.close();
process.stderr.write('went on\\n');
`;

const argsFor = (form: string, code = PROGRAM) => ['--input-type=module', '--eval', code, form];

test.each(['json', 'plain', 'pretty'])(
  '%s: a reader that goes away ends the output, not the run',
  async (form) => {
    const child = spawn(process.execPath, argsFor(form), { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'went on\n' });
  },
);

test.each([
  ['json', 0, 2],
  ['plain', 8, 2],
  ['plain', 4, 2],
])('%s: a full disk ends the output, not the run, and a code of %i is %i', (form, own, code) => {
  const full = openSync('/dev/full', 'w');
  const args = argsFor(form, `${PROGRAM}process.exitCode = ${own};`);
  const { status, stderr } = spawnSync(process.execPath, args, {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(full);
  expect({ status, stderr }).toEqual({
    status: code,
    stderr: 'error: cannot write to standard output: ENOSPC\nwent on\n',
  });
});
