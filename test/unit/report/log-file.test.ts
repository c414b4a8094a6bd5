import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratch } from '../support/scratch.ts';
import { change, printed, recap, start, task } from './streams.ts';

test('everything is appended with its time, whatever the verbosity, for the user alone', async () => {
  const logFile = join(scratch(), 'run.log');
  const events = [
    start('etcd01'),
    task('etcd01', { status: 'ok', changes: [] }),
    task('etcd01', { changes: [change({ after: 'a\nb', certainty: 'conditional' })] }),
    { event: 'output', host: 'etcd01', task: 'it runs', line: 'one' },
    { event: 'output', host: 'etcd01', task: 'it runs', line: 'two\x1b[1m' },
    { event: 'log', level: 'debug', message: 'ssh' },
    { event: 'error', host: 'etcd01', message: 'etcd01: no', hint: 'try', exitCode: 2 },
    recap({ etcd01: { ok: 1 } }, { exitCode: 2 }),
  ] as const;
  await printed({ output: 'json', logFile }, events);
  expect(statSync(logFile).mode & 0o777).toBe(0o600);
  const text = readFileSync(logFile, 'utf8');
  expect(
    text
      .replace(/^\S{24} /gm, 'TIME ')
      .trimEnd()
      .split('\n'),
  ).toEqual([
    'TIME start site (run), inventory prod.yaml, hosts etcd01',
    'TIME ok etcd01 motd: the message is there',
    'TIME changed etcd01 motd: the message is there',
    'TIME   update file:/etc/motd mode: 0600 → a\\nb (conditional)',
    'TIME output etcd01: it runs: one',
    'TIME output etcd01: it runs: two\\x1b[1m',
    'TIME debug ssh',
    'TIME error: etcd01: no',
    'TIME   hint: try',
    'TIME   exit code: 2',
    'TIME recap etcd01: ok=1 changed=0 failed=0 skipped=0 unknown=0 unreachable=0 roundTrips=0',
    'TIME end exit code 2 after 6200 ms',
  ]);
  appendFileSync(logFile, 'kept\n');
  await printed({ output: 'json', logFile }, [start('etcd01')]);
  expect(readFileSync(logFile, 'utf8')).toContain(`${text}kept\n`);
});

test.each(['/dev/full', '/nonexistent/log'])('%s is told of once, and the run goes on', async (logFile) => {
  const { stdout, stderr } = await printed({ output: 'plain', logFile }, [start('a'), task('a'), task('a')]);
  expect(stderr.match(/warning: cannot write the log .*; the run goes on without it\n/g)).toHaveLength(1);
  expect(stdout.match(/changed a: motd/g)).toHaveLength(2);
});
