import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, test, vi } from 'vitest';
import { createReport } from '../../../../lib/report/index.ts';
import { FakeStream, recap, start, task } from '../streams.ts';
import { FakeTerminal } from '../terminal.ts';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function open(columns: number, rows: number, env: Record<string, string> = {}) {
  const terminal = new FakeTerminal(columns, rows);
  const report = createReport({
    output: 'pretty',
    diff: false,
    check: false,
    verbosity: 0,
    stdout: terminal,
    stderr: terminal,
    env,
  });
  return { terminal, report };
}

/** Waits for the live part to be drawn anew with all that was emitted before. */
async function drawn(terminal: FakeTerminal) {
  await vi.waitFor(() => expect(terminal.cursorHidden).toBe(true), { timeout: 10_000 });
  const { length } = terminal.writes;
  await vi.waitFor(() => expect(terminal.writes.length).toBeGreaterThan(length + 1), { timeout: 10_000 });
}

function hostNames(number: number): string[] {
  return Array.from({ length: number }, (_, i) => `etcd${String(i + 1).padStart(3, '0')}`);
}

test('Ctrl-C stays with the command line', async () => {
  const exits = process.listenerCount('exit');
  const listeners = process.listenerCount('SIGINT');
  const { terminal, report } = open(80, 24);
  report.emit(start('etcd01'));
  await drawn(terminal);
  expect(process.listenerCount('SIGINT')).toBe(listeners);
  await report.close();
  expect(process.listenerCount('exit')).toBe(exits);
});

test('a host with changes still to come waits, and is done once they are applied', async () => {
  const { terminal, report } = open(80, 24);
  report.emit(start('etcd01'));
  report.emit(task('etcd01'));
  report.progress({ host: 'etcd01', doing: undefined, due: 2 });
  report.progress({ host: 'etcd01', doing: 'reading the cluster' });
  report.progress({ host: 'etcd01', doing: undefined });
  await drawn(terminal);
  expect(terminal.screen).toMatch(/^· etcd01 {2}waiting {2}.*1 changed\n\n1 host: 1 waiting/m);
  report.progress({ host: 'etcd01', doing: undefined, due: 0 });
  await drawn(terminal);
  expect(terminal.screen).toMatch(/^✔ etcd01 {2}done {2}/m);
  await report.close();
});

test('each host has a line while it is busy, and none is left at the end', async () => {
  const { terminal, report } = open(80, 24);
  report.emit(start('etcd01', 'etcd02', 'etcd03'));
  report.progress({ host: 'etcd01', doing: 'connecting' });
  report.emit(task('etcd02'));
  report.progress({ host: 'etcd02', doing: undefined });
  report.emit({ event: 'error', host: 'etcd03', message: 'etcd03: refused\nmore', exitCode: 4 });
  report.progress({ host: 'etcd03', doing: undefined });
  await drawn(terminal);
  expect(terminal.screen.replace(/[⠀-⣿]/, '*')).toBe(`site · prod.yaml · 3 hosts

* etcd01  connecting
✔ etcd02  done                                                        1 changed
✗ etcd03  refused

3 hosts: 1 busy, 1 done, 1 failed · 1 changed · 0 s`);
  expect(terminal.cursorHidden).toBe(true);
  report.emit({ event: 'log', level: 'warning', message: 'beware' });
  await drawn(terminal);
  expect(terminal.screen).toMatch(/^site · prod.yaml · 3 hosts\nwarning: beware\n\n. etcd01 /);
  await report.close();
  expect(terminal.cursorHidden).toBe(false);
  expect(terminal.screen).toBe(`site · prod.yaml · 3 hosts
warning: beware

motd
  ~ the message is there  etcd02

  ~1 changed

error: etcd03: refused
    more`);
});

test.each([
  [80, 24, 100],
  [120, 40, 30],
  [40, 10, 100],
  [20, 5, 3],
  [10, 3, 3],
])(
  'on %d × %d with %d hosts no frame is higher or wider than the terminal',
  async (columns, rows, number) => {
    const { terminal, report } = open(columns, rows);
    const hosts = hostNames(number);
    report.emit({ ...start(...hosts), playbook: 's', inventory: ['i'] } as never);
    for (let step = 0; step < 12; step++) {
      for (const [i, host] of hosts.entries()) {
        if (i % (step + 1) === 0)
          report.progress({ host, doing: `task ${(i * step) % 29} of 主机 ${host} ${'long '.repeat(20)}` });
        if (i % 9 === step) report.emit({ event: 'error', host, message: `cause ${i}`, exitCode: 2 });
        if (i % 7 === step) report.progress({ host, doing: undefined });
      }
      await sleep(60);
    }
    expect(terminal.highest).toBeGreaterThan(0);
    expect(terminal.highest).toBeLessThan(rows);
    const widest = Math.max(terminal.lines[0]?.length ?? 0, columns - 1);
    expect(terminal.widest).toBeLessThanOrEqual(widest);
    await report.close();
  },
);

test('hosts at the same step share a line when they are more than fit', async () => {
  const { terminal, report } = open(80, 24);
  const hosts = hostNames(100);
  report.emit(start(...hosts));
  for (const host of hosts) report.progress({ host, doing: 'connecting' });
  for (const host of hosts.slice(0, 40)) report.progress({ host, doing: `starting ${host}` });
  report.emit({ event: 'error', host: 'etcd100', message: 'refused', exitCode: 4 });
  await drawn(terminal);
  expect(terminal.screen.replace(/[⠀-⣿]/g, '*')).toBe(`site · prod.yaml · 100 hosts

✗ etcd100   refused
* 59 hosts  connecting       etcd[041:099]
* 40 hosts  starting <host>  etcd[001:040]

100 hosts: 99 busy, 1 failed · 0 s`);
  await report.close();
});

test('a question has the terminal to itself, and others wait for it', async () => {
  const { terminal, report } = open(80, 24);
  report.emit(start('etcd01'));
  report.progress({ host: 'etcd01', doing: 'connecting' });
  await drawn(terminal);
  const asked: string[] = [];
  const ask = (text: string) =>
    report.suspend(async () => {
      asked.push(text);
      terminal.write(`${text}\n`);
      report.emit({ event: 'log', level: 'warning', message: `during ${text}` });
      await sleep(250);
      expect(terminal.screen.endsWith(`\n${text}`)).toBe(true);
      expect(terminal.cursorHidden).toBe(false);
      return text.length;
    });
  expect(await Promise.all([ask('first?'), ask('second?')])).toEqual([6, 7]);
  await drawn(terminal);
  expect(asked).toEqual(['first?', 'second?']);
  expect(terminal.screen).toMatch(/warning: during second\?\n\n. etcd01 /);
  await report.close();
});

test('what others write to the terminal meanwhile is printed above, harmless', async () => {
  const { terminal, report } = open(80, 24);
  report.emit(start('etcd01'));
  await drawn(terminal);
  terminal.write('\nSIGINT: finishing\x1b[2J\n');
  await drawn(terminal);
  expect(terminal.screen).toMatch(/^site · prod.yaml · 1 host\nSIGINT: finishing\\x1b\[2J\n\n· etcd01 /);
  await report.close();
});

test('a short run, a dumb terminal and a pipe show nothing live', async () => {
  const short = open(80, 24);
  short.report.emit(start('etcd01'));
  await sleep(50);
  await short.report.close();
  const dumb = open(80, 24, { TERM: 'dumb' });
  dumb.report.emit(start('etcd01'));
  await sleep(400);
  await dumb.report.close();
  for (const { terminal } of [short, dumb]) expect(terminal.text).not.toContain('\x1b[?25l');
  expect(dumb.terminal.text).toBe('site · prod.yaml · 1 host\n');
});

test('100 hosts with 30 tasks each take no longer than without a report, and block nothing', async () => {
  const elapsed = async (emit: (host: string, step: number) => void) => {
    const begin = performance.now();
    await Promise.all(
      hostNames(100).map(async (host) => {
        for (let step = 0; step < 30; step++) {
          await sleep(20);
          emit(host, step);
        }
      }),
    );
    return performance.now() - begin;
  };
  const alone = await elapsed(() => {});
  const { terminal, report } = open(80, 24);
  report.emit(start(...hostNames(100)));
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  const reported = await elapsed((host, step) => {
    report.progress({ host, doing: `task ${step} of ${host}` });
    report.emit(task(host, { task: `task ${step} of ${host}` }));
  });
  lag.disable();
  await report.close();
  expect(terminal.text).toContain('100 hosts');
  expect(reported).toBeLessThan(alone * 1.5 + 300);
  expect(lag.percentile(99) / 1e6).toBeLessThan(100);
  expect(terminal.writes.length).toBeLessThan(reported / 50 + 40);
});

test('without hosts of its own a report to two streams prints errors on stderr', async () => {
  const stderr = new FakeStream();
  const terminal = new FakeTerminal(80, 24);
  const report = createReport({
    output: 'pretty',
    diff: false,
    check: false,
    verbosity: 0,
    stdout: terminal,
    stderr,
    env: {},
  });
  report.emit({ event: 'error', message: 'no', exitCode: 1 });
  report.emit(recap({}, { exitCode: 1 }));
  await report.close();
  expect([terminal.screen, stderr.text]).toEqual(['', '\n\x1b[31m\x1b[1merror:\x1b[22m\x1b[39m no\n']);
});
