import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { markdown } from '../../../lib/cli/plan-file/markdown.ts';
import { Secret } from '../../../lib/dsl/secret.ts';
import { createReport } from '../../../lib/report/index.ts';
import { redactEvent } from '../../../lib/report/redact-event.ts';
import type { RunEvent } from '../../../lib/runner/events.ts';
import { BARE } from '../cli/plan-file/plan.ts';
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
  'what a host says is not a megabyte on a screen as %s',
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

test('a secret that takes the place of an older one, which nobody knows any more, shows neither, in whatever form', async () => {
  const dir = scratch();
  const text = { before: 'port 1\nuser x >nobody-knows\n', after: `port 1\nuser x >${canary}\n` };
  const events = [
    start('etcd01'),
    task('etcd01', {
      changes: [change({ property: 'options', before: 'pw nobody-knows', after: `pw ${canary}`, text })],
    }),
    recap({ etcd01: { changed: 1 } }),
  ];
  const report = join(dir, 'page.html');
  const logFile = join(dir, 'log');
  for (const output of ['json', 'plain', 'pretty'] as const) {
    const keep = { runsFolder: join(dir, output), reports: [report], logFile };
    const { stdout } = await printed({ output, diff: true, check: true, verbosity: 1, ...keep }, events);
    const [record] = readdirSync(keep.runsFolder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(keep.runsFolder, name))
      .filter((path) => statSync(path).isFile() && !path.endsWith('.gitignore'))
      .map((path) => readFileSync(path, 'utf8'));
    for (const all of [stdout, record, readFileSync(report, 'utf8'), readFileSync(logFile, 'utf8')])
      expect(all).not.toMatch(/nobody-knows|kanarien/);
    expect(record).toContain('"before":"(secret)"');
    for (const all of [stdout, record]) expect(all).toContain('-user x >********');
  }
  const page = await markdown({ ...BARE, hosts: ['etcd01'] }, events.map(redactEvent), 'site');
  expect(page).not.toMatch(/nobody-knows|kanarien/);
  expect(page).toContain('-user x >********');
});
