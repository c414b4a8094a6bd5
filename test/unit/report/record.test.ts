import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../lib/dsl/secret.ts';
import { createReport } from '../../../lib/report/index.ts';
import { createKeeper } from '../../../lib/report/record/index.ts';
import { readRuns } from '../../../lib/report/record/read-runs.ts';
import { createRecorder } from '../../../lib/report/record/recorder.ts';
import { thin } from '../../../lib/report/record/run-file.ts';
import type { RunEvent } from '../../../lib/runner/events.ts';
import { scratch } from '../support/scratch.ts';
import { change, FakeStream, recap, start, task } from './streams.ts';

/** Reports `events` of a run that is to leave a record in `folder`. */
async function reported(folder: string, events: readonly RunEvent[], verbosity = 0) {
  const stdout = new FakeStream();
  const stderr = new FakeStream();
  const report = createReport({
    output: 'json',
    diff: false,
    check: false,
    verbosity,
    stdout,
    stderr,
    env: {},
    runsFolder: folder,
  });
  for (const event of events) report.emit(event);
  await report.close();
  return { stdout: stdout.text, stderr: stderr.text };
}

/** The one record in a folder. */
function recordIn(folder: string): string {
  const [name = '', ...more] = readdirSync(folder).filter((one) => one.endsWith('.jsonl'));
  expect(more).toEqual([]);
  return readFileSync(join(folder, name), 'utf8');
}

describe('the record of a run', () => {
  it('has every event, in order, in a file for its owner alone that git ignores', async () => {
    const folder = join(scratch(), '.quorate/runs');
    await reported(folder, [start('a'), task('a'), recap({ a: { changed: 1 } })]);
    const { runs, damaged } = readRuns(recordIn(folder));
    expect(damaged).toBe(0);
    expect(runs.map(({ events }) => events.map(({ event }) => event))).toEqual([['start', 'task', 'recap']]);
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('*\n');
    const [name = ''] = readdirSync(folder).filter((one) => one.endsWith('.jsonl'));
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('says how texts differ, and keeps no whole text', async () => {
    const folder = scratch();
    const before = 'one\ntwo\npassword: old-one\n';
    const text = { before, after: before.replace('two', 'three') };
    await reported(folder, [start('a'), task('a', { changes: [change({ text })] }), recap({ a: {} })]);
    const said = recordIn(folder);
    const found = readRuns(said).runs[0]?.events[1];
    expect(found?.event === 'task' && found.changes[0]?.diff).toEqual([
      '@@ -1,3 +1,3 @@',
      ' one',
      '-two',
      '+three',
      ' password: ********',
    ]);
    expect(said).not.toContain('old-one');
  });

  it('has no secret, whoever says it', async () => {
    const folder = scratch();
    const word = 'tres-secret-canary';
    new Secret(word);
    const said = { before: `a ${word}`, after: `b ${word}` };
    await reported(folder, [
      start('a'),
      { event: 'output', host: 'a', task: 't', line: word },
      task('a', { task: word, changes: [change({ before: word, text: said })] }),
      { event: 'error', message: word, exitCode: 2, hint: word },
      recap({ a: {} }),
    ]);
    expect(recordIn(folder)).not.toContain(word);
  });

  it('is written as things happen: a run that is killed leaves what it had', async () => {
    const folder = scratch();
    const options = { output: 'json', diff: false, check: false, verbosity: 0, env: {} } as const;
    const [stdout, stderr] = [new FakeStream(), new FakeStream()];
    const report = createReport({ ...options, stdout, stderr, runsFolder: folder });
    report.emit(start('a'));
    report.emit(task('a'));
    await undefined;
    await undefined;
    expect(readRuns(recordIn(folder)).runs[0]?.events).toHaveLength(2);
    await report.close();
  });

  it('leaves lines for -vv to those who ask for them', async () => {
    const debug = { event: 'log', level: 'debug', message: 'ssh says' } as const;
    const [quiet, loud] = [scratch(), scratch()];
    await reported(quiet, [start('a'), debug]);
    expect(recordIn(quiet)).not.toContain('ssh says');
    await reported(loud, [start('a'), debug], 2);
    expect(recordIn(loud)).toContain('ssh says');
  });

  it('where it cannot be written, is told of once, and the run goes on', async () => {
    const file = join(scratch(), 'file');
    writeFileSync(file, '');
    const { stdout } = await reported(join(file, 'runs'), [start('a'), task('a'), recap({ a: {} })]);
    const said = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(said.map(({ event }) => event)).toEqual(['log', 'start', 'task', 'recap']);
    expect(said[0].message).toMatch(/this run leaves no record in .*ENOTDIR/);
  });

  it('takes as many events as there are, and so do reports', async () => {
    const folder = scratch();
    const told: string[] = [];
    const hear = (message: string) => void told.push(message);
    const reports = [join(folder, 'run.xml')];
    const keeper = createKeeper({ reports, verbosity: 0 }, hear, hear);
    for (let i = 0; i < 200_000; i += 1)
      keeper?.emit({ event: 'output', host: 'a', task: 't', line: String(i) });
    keeper?.emit(task('a'));
    await keeper?.close();
    expect(told).toEqual([]);
    expect(readFileSync(join(folder, 'run.xml'), 'utf8')).toContain('199999');
  });

  it('ends with an error of its own, which is told of once; the run goes on', async () => {
    const told: string[] = [];
    const recorder = createRecorder(
      () => {
        throw new RangeError('Invalid string length');
      },
      0,
      ({ message }) => told.push(message),
    );
    for (const host of ['a', 'b']) {
      recorder.emit(task(host));
      await recorder.close();
    }
    expect(told).toEqual(['Invalid string length']);
  });

  it('takes the place of the oldest where they are too many; what is not a record stays', async () => {
    const folder = scratch();
    const ids = [...Array(7).keys()].map((i) => `2026010${i + 1}T000000Z-00000${i}`);
    for (const id of ids) writeFileSync(join(folder, `${id}.jsonl`), 'x'.repeat(10));
    writeFileSync(join(folder, 'notes.jsonl'), '');
    mkdirSync(join(folder, 'prod'));
    await thin(folder, `${ids[6]}`, { runs: 5, bytes: 1000 });
    const left = () =>
      readdirSync(folder)
        .filter((name) => /^\d/.test(name))
        .map((name) => name[7]);
    expect(left()).toEqual(['3', '4', '5', '6', '7']);
    await thin(folder, `${ids[6]}`, { runs: 5, bytes: 25 });
    expect(left()).toEqual(['6', '7']);
    await thin(folder, `${ids[6]}`, { runs: 5, bytes: 1 });
    expect(left()).toEqual(['7']);
    // The clock of another machine was ahead.
    for (const id of ids.slice(2)) writeFileSync(join(folder, `${id}.jsonl`), 'x'.repeat(10));
    await thin(folder, `${ids[3]}`, { runs: 2, bytes: 1000 });
    expect(left()).toEqual(['4', '6', '7']);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['notes.jsonl', 'prod']));
  });
});

describe('lines that were recorded', () => {
  const line = (fields: object) =>
    JSON.stringify({ time: '2026-11-27T13:00:00.000Z', runId: 'r1', ...fields });
  const output = line({ event: 'output', host: 'a', task: 't', line: 'x' });

  it.each([
    ['a line that was cut', output.slice(0, -5)],
    ['no object', '[1]'],
    ['no event', line({ host: 'a' })],
    ['a task without a host', line({ event: 'task', role: 'r', task: 't', status: 'ok', changes: [] })],
    [
      'a status that is none',
      line({ event: 'task', host: 'a', role: 'r', task: 't', status: '<b>', changes: [] }),
    ],
    [
      'a change that is none',
      line({ event: 'task', host: 'a', role: 'r', task: 't', status: 'ok', changes: [7] }),
    ],
    ['an ID that is a path', line({ event: 'output', host: 'a', task: 't', line: 'x', runId: '../../x' })],
    ['a time that is none', line({ event: 'output', host: 'a', task: 't', line: 'x', time: 'now' })],
    [
      'counts that are none',
      line({ event: 'recap', check: false, hosts: { a: 1 }, elapsedMs: 1, exitCode: 0 }),
    ],
    ...(
      [
        ['problems', { problems: null }],
        ['members', { members: [{ host: 'a', name: { toString: 1 }, health: 'healthy' }] }],
        ['data of a member', { members: [{ host: 'a', name: 'a', health: 'healthy', dbSizeBytes: {} }] }],
      ] as const
    ).map(([name, fields]): [string, string] => [
      `a cluster with ${name} that are none`,
      line({ event: 'cluster', cluster: 'c', healthy: true, members: [], problems: [], ...fields }),
    ]),
    [
      'a certificate without an end',
      line({ event: 'certificates', cluster: 'c', certificates: [{ host: 'a' }] }),
    ],
    [
      'reasons that are none',
      line({
        ...{ event: 'why', host: 'a', role: 'r', task: 't', read: [], changes: [], variables: [] },
        lines: null,
      }),
    ],
    [
      'a place that is none',
      line({ event: 'error', message: 'm', exitCode: 2, position: { file: 'f', line: { toString: 1 } } }),
    ],
    ['binary', '\x00\x01\x1b[2J'],
  ])('%s: is counted, and the others are read', (_, bad) => {
    const { runs, damaged } = readRuns(`${output}\n${bad}\n${output}\n`);
    expect(damaged).toBe(1);
    expect(runs[0]?.events).toHaveLength(2);
  });

  it('of an event that is not known yet say nothing, and are not damage', () => {
    const { runs, damaged } = readRuns(`${line({ event: 'weather', is: 'fine' })}\n${output}\n`);
    expect([damaged, runs[0]?.events.length]).toEqual([0, 1]);
  });

  it('of several runs in one file are apart', () => {
    const { runs } = readRuns([output, output.replace('r1', 'r2'), output].join('\n'));
    expect(runs.map(({ id, events }) => [id, events.length])).toEqual([
      ['r1', 2],
      ['r2', 1],
    ]);
  });
});
