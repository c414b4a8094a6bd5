import { afterEach, expect, test, vi } from 'vitest';
import { createReport } from '../../../../lib/report/index.ts';
import type { RunEvent } from '../../../../lib/runner/events.ts';
import { change, cluster, FakeStream, printed, recap, start, task } from '../streams.ts';

afterEach(() => {
  vi.useRealTimers();
});

const run: readonly RunEvent[] = [
  start('etcd01', 'etcd02'),
  { event: 'play', play: 'etcd', hosts: ['etcd01', 'etcd02'] },
  task('etcd01', { status: 'ok', changes: [] }),
  task('etcd01', {
    changes: [change(), change({ property: 'owner', before: null, after: 'unknown', certainty: 'unknown' })],
  }),
  { event: 'output', host: 'etcd01', task: 'it runs', line: 'said \x1b[31mred' },
  { event: 'log', level: 'warning', host: 'etcd02', message: 'beware' },
  {
    event: 'error',
    host: 'etcd02',
    task: 'etcd runs',
    message: 'etcd02: cannot start etcd: port 2379 is taken\nlast line',
    hint: 'stop it',
    position: { file: 'prod.yaml', line: 3, column: 5 },
    exitCode: 2,
  },
  cluster('MEMBER  HEALTH\netcd01  healthy'),
  recap({ etcd01: { ok: 1, changed: 12, roundTrips: 4 }, e2: { failed: 1 } }, { exitCode: 2 }),
];

test('a run reads as lines, errors and warnings on stderr', async () => {
  const { stdout, stderr } = await printed({ output: 'plain' }, run);
  expect(stdout).toBe(`site: 2 hosts of prod.yaml
play etcd: etcd[01:02]
changed etcd01: motd: the message is there
        ~ mode: 0600 → 0644
        ? owner: absent → unknown (only the run can know)

MEMBER  HEALTH
etcd01  healthy

recap
etcd01 : ok=1  changed=12  unknown=0  skipped=0  failed=0  unreachable=0  roundTrips=4
e2     : ok=0  changed=0   unknown=0  skipped=0  failed=1  unreachable=0  roundTrips=0

failed on etcd02 — 2 hosts, 12 changed, 1 error, exit code 2, 6.2 s
`);
  expect(stderr).toBe(`warning: etcd02: beware
error: etcd02: cannot start etcd: port 2379 is taken
    last line
  task: etcd runs
  at: prod.yaml:3:5
  hint: stop it
`);
});

test.each(['plain', 'pretty'] as const)('of a command that ran the title says all (%s)', async (output) => {
  const ran = change({ kind: 'run', property: 'done', before: 'no', after: 'yes' });
  const { stdout } = await printed({ output }, [start('a'), task('a', { changes: [ran] }), recap({ a: {} })]);
  expect(stdout).toContain('the message is there');
  expect(stdout).not.toContain('done: no');
});

test('-v adds ok tasks and what commands print, with control characters spelled out', async () => {
  const { stdout } = await printed({ output: 'plain', verbosity: 1 }, run);
  expect(stdout).toMatch(/\n {2}✓ the message is there {2}etcd01\n/);
  expect(stdout).toContain('\noutput: etcd01: said \\x1b[31mred\n');
});

test('no escape sequence gets out, even where colours are forced', async () => {
  const { stdout, stderr } = await printed({ output: 'plain', verbosity: 2, env: { FORCE_COLOR: '1' } }, run);
  expect(stdout + stderr).not.toContain('\x1b');
});

test('equal diffs of many hosts are one, and long ones are cut', async () => {
  const text = { before: 'a\nold\nc\n', after: 'a\nnew\x1b[2J\nc\n' };
  const long = { before: '', after: 'line\n'.repeat(540) };
  const { stdout } = await printed({ output: 'plain', diff: true }, [
    task('etcd01', { changes: [change({ text })] }),
    task('etcd02', { changes: [change({ text })] }),
    task('etcd02', { changes: [change({ resource: 'file:/long', text: long })] }),
  ]);
  expect(stdout).toContain(`
      --- file:/etc/motd (before) on etcd[01:02]
      +++ file:/etc/motd (after) on etcd[01:02]
      @@ -1,3 +1,3 @@
       a
      -old
      +new\\x1b[2J
       c
`);
  expect(stdout.match(/-old/g)).toHaveLength(1);
  expect(stdout).toContain('\n      @@ -0,0 +1,540 @@\n');
  expect(stdout.match(/^ +\+line$/gm)).toHaveLength(199);
  expect(stdout).toMatch(/… 341 more lines\n/);
});

test('diffs that differ in the host’s own name are one; names that all list stay', async () => {
  const all = { before: '', after: 'etcd01 etcd02 etcd03\n' };
  const own = (host: string) => ({ before: '', after: `I am ${host}\n` });
  const hosts = ['etcd01', 'etcd02', 'etcd03'];
  const { stdout } = await printed({ output: 'plain', diff: true }, [
    ...hosts.map((host) => task(host, { changes: [change({ text: own(host) })] })),
    ...hosts.map((host) => task(host, { changes: [change({ resource: 'file:/all', text: all })] })),
    task('etcd03', { changes: [change({ resource: 'file:/mine', text: own('etcd03') })] }),
  ]);
  const diffs = stdout.match(/(?<=^ {6})[-+].*/gm);
  expect(diffs).toEqual([
    '--- file:/etc/motd (before) on etcd[01:03]',
    '+++ file:/etc/motd (after) on etcd[01:03]',
    '+I am <host>',
    '--- file:/all (before) on etcd[01:03]',
    '+++ file:/all (after) on etcd[01:03]',
    '+etcd01 etcd02 etcd03',
    '--- file:/mine (before) on etcd03',
    '+++ file:/mine (after) on etcd03',
    '+I am etcd03',
  ]);
});

test('a title is one line, and a task that the message names is not named again', async () => {
  const { stdout, stderr } = await printed({ output: 'plain' }, [
    task('etcd01', { task: 'one\ntwo', changes: [] }),
    {
      event: 'error',
      host: 'etcd01',
      task: 'it runs',
      message: 'etcd01: it runs: exit status 1',
      exitCode: 2,
    },
  ]);
  expect(stdout).toBe('changed etcd01: motd: one two\n');
  expect(stderr).toBe('error: etcd01: it runs: exit status 1\n');
});

test('before any host is known only the errors are printed', async () => {
  const error = { event: 'error', message: 'no such option', exitCode: 1 } as const;
  const { stdout, stderr } = await printed({ output: 'plain' }, [error, recap({}, { exitCode: 1 })]);
  expect({ stdout, stderr }).toEqual({ stdout: '', stderr: 'error: no such option\n' });
});

test('a host that stays busy is told of every ten seconds, until it is done', () => {
  vi.useFakeTimers();
  const stdout = new FakeStream();
  const report = createReport({
    output: 'plain',
    diff: false,
    check: false,
    verbosity: 0,
    stdout,
    stderr: stdout,
  });
  for (const host of ['n1', 'n2']) report.progress({ host, doing: `starting member ${host}` });
  vi.advanceTimersByTime(20_000);
  report.progress({ host: 'n1', doing: undefined });
  vi.advanceTimersByTime(10_000);
  report.progress({ host: 'n2', doing: undefined });
  vi.advanceTimersByTime(60_000);
  expect(stdout.text).toBe(`still at it after 10 s: n[1:2]: starting member <host>
still at it after 20 s: n[1:2]: starting member <host>
still at it after 30 s: n2: starting member n2
`);
});

test('diffs that differ in addresses alone are one', async () => {
  const own = (address: string) => ({
    before: '',
    after: `NAME=x\nURL=https://${address}:2380\n`,
  });
  const { stdout } = await printed({ output: 'plain', diff: true, check: true }, [
    task('etcd01', { changes: [change({ text: own('10.0.52.13') })] }),
    task('etcd02', { changes: [change({ text: own('10.0.52.14') })] }),
    task('etcd03', { changes: [change({ text: own('10.0.52.15') })] }),
  ]);
  expect(stdout.match(/\+URL=.*/g)).toEqual(['+URL=https://<address>:2380']);
  expect(stdout).toContain('(after) on etcd[01:03]');
});

test('of many hosts that need the same changes there is one line a change, in a check and in a run', async () => {
  const hosts = Array.from({ length: 1000 }, (_, i) => `n${String(i).padStart(4, '0')}`);
  const tasks = hosts.flatMap((host) =>
    Array.from({ length: 9 }, (_, i) => task(host, { task: `task ${i}`, changes: [change()] })),
  );
  const end = recap(Object.fromEntries(hosts.map((host) => [host, { changed: 9 }])));
  for (const check of [true, false]) {
    const { stdout } = await printed({ output: 'plain', check }, [start(...hosts), ...tasks, end]);
    expect(stdout).toContain(`~9000 ${check ? 'to change' : 'changed'}`);
    expect(stdout.split('\n').length).toBeLessThan(40);
  }
});

test('the command of a change is shown by --diff and by -v', async () => {
  const run = change({
    kind: 'run',
    property: 'done',
    text: { before: '', after: 'make install\nldconfig' },
  });
  const events = [start('a'), task('a', { changes: [run] }), recap({ a: { changed: 1 } })];
  for (const output of ['plain', 'pretty'] as const) {
    for (const more of [{ diff: true }, { verbosity: 1 }]) {
      const { stdout } = await printed({ output, ...more }, events);
      expect(stdout).toContain('      $ make install\n        ldconfig\n');
      expect(stdout).not.toContain('(before)');
    }
    expect((await printed({ output }, events)).stdout).not.toContain('make install');
  }
});

test('hosts that --limit left out are not counted in the last line', async () => {
  const end = {
    ...recap({ etcd01: { roundTrips: 2 }, etcd02: { ok: 14, roundTrips: 2 }, etcd03: { roundTrips: 2 } }),
    check: true,
  };
  const { stdout } = await printed({ output: 'plain', check: true }, [start('etcd02'), end]);
  expect(stdout).toMatch(/nothing to change on 1 host, /);
});

test('shows every script, with its hosts where it is not the same on all', async () => {
  const hosts = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];
  const ran = (host: string, i: number) =>
    task(host, { changes: [change({ kind: 'run', text: { before: '', after: `sleep ${i}` } })] });
  const events = [start(...hosts), ...hosts.map(ran), recap({ h1: {} })];
  const { stdout } = await printed({ output: 'pretty', diff: true, check: true }, events);
  hosts.forEach((host, i) => {
    expect(stdout).toContain(`      on ${host}:\n      $ sleep ${i}\n`);
  });
});
