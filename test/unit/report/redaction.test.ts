import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { Secret } from '../../../lib/dsl/secret.ts';
import { createReport } from '../../../lib/report/index.ts';
import type { RunEvent } from '../../../lib/runner/events.ts';
import { scratch } from '../support/scratch.ts';
import { change, printed, recap, start, task } from './streams.ts';
import { FakeTerminal } from './terminal.ts';

const canary = new Secret('kanarien"vogel\\1').reveal();
const everywhere: readonly RunEvent[] = [
  start('etcd01'),
  task('etcd01', {
    task: `with ${canary}`,
    changes: [change({ before: canary, after: canary, text: { before: `${canary}\n`, after: '' } })],
  }),
  ...(['debug', 'info', 'warning', 'trace'] as const).map(
    (level): RunEvent => ({ event: 'log', level, host: 'etcd01', message: canary }),
  ),
  { event: 'output', host: 'etcd01', task: 'it runs', line: canary },
  { event: 'error', message: `no ${canary}`, hint: canary, task: canary, exitCode: 2 },
  recap({ etcd01: { changed: 1 } }, { exitCode: 2 }),
];

test.each(['json', 'plain', 'pretty'] as const)('no secret leaves as %s, nor in the log', async (output) => {
  const logFile = join(scratch(), 'log');
  const options = { output, diff: true, check: true, verbosity: 2, logFile } as const;
  const { stdout, stderr } = await printed(options, everywhere);
  const all = stdout + stderr + readFileSync(logFile, 'utf8');
  expect(all).not.toMatch(/kanarien|vogel/);
  expect(all).toContain('with ********');
});

test.each(['json', 'plain', 'pretty', 'errors'] as const)(
  'what a host says is no megabyte on a screen as %s',
  async (output) => {
    const said = `it says "${'€'.repeat(1e6)}${canary}${'€'.repeat(490)}", wanted c`;
    const logFile = join(scratch(), 'log');
    const options = { output, diff: false, check: false, verbosity: 0, logFile } as const;
    const { stdout, stderr } = await printed(options, [
      { event: 'error', host: 'etcd01', message: `first line\n${said}`, hint: said, exitCode: 3 },
      { event: 'log', level: 'warning', host: 'etcd01', message: said },
      recap({ etcd01: {} }, { exitCode: 3 }),
    ]);
    for (const text of [stdout + stderr, readFileSync(logFile, 'utf8')]) {
      expect(text.length).toBeLessThan(12_000);
      expect(text).toMatch(
        /first line.*it says .*€… \(9\d{5} characters left out\) …\*?.*€.{0,3}, wanted c/s,
      );
      expect(text).not.toMatch(/vogel/);
    }
  },
);

test('a progress line is redacted before it is cut', async () => {
  const terminal = new FakeTerminal(30, 24);
  const options = { output: 'pretty', diff: false, check: false, verbosity: 0, env: {} } as const;
  const report = createReport({ ...options, stdout: terminal, stderr: terminal });
  report.emit(start('etcd01'));
  report.progress({ host: 'etcd01', doing: `sending it ${canary}` });
  await vi.waitFor(() => expect(terminal.text).toContain('sending it *'), { timeout: 10_000 });
  await report.close();
  expect(terminal.text).not.toContain('kana');
});

test('a password that nobody here knows is masked in a diff, and its change still shows', async () => {
  const text = {
    before: 'ETCD_DISCOVERY_PASSWORD="alt-geheim"\npasswd: files\n',
    after: 'ETCD_DISCOVERY_PASSWORD="neu-geheim"\npasswd: files\n',
  };
  const events = [
    start('etcd01'),
    task('etcd01', { changes: [change({ text })] }),
    recap({ etcd01: { changed: 1 } }),
  ];
  for (const output of ['plain', 'pretty'] as const) {
    const { stdout } = await printed({ output, diff: true, check: true, verbosity: 0 }, events);
    expect(stdout).not.toContain('geheim');
    expect(stdout).toMatch(/-ETCD_DISCOVERY_PASSWORD=\*{8}\n *\+ETCD_DISCOVERY_PASSWORD=\*{8}\n/);
    expect(stdout).toContain('passwd: files');
  }
});
