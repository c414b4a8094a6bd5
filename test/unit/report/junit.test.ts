import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { junit } from '../../../lib/report/junit.ts';
import { scratch } from '../support/scratch.ts';
import { recordedRun } from './recorded.ts';
import { change, recap, start, task } from './streams.ts';

const RUN = recordedRun([
  start('a', 'b', 'c'),
  task('a', { task: 'fine', status: 'ok', changes: [] }),
  task('a', { task: 'fine', status: 'ok', changes: [] }),
  task('a', { task: 'left', status: 'skipped', changes: [], reason: 'not wanted' }),
  task('b', { task: 'breaks', status: 'failed' }),
  task('b', { task: 'borne', status: 'failed', handled: 'ignored' }),
  { event: 'error', message: 'b: no such file', exitCode: 2, host: 'b', task: 'breaks', hint: 'make it' },
  { event: 'error', message: 'c: no answer', exitCode: 4, host: 'c' },
  recap({ a: {}, b: { failed: 2 }, c: { unreachable: 1 } }, { exitCode: 2 }),
]);

const lines = (text: string, start: string) => text.split('\n').filter((line) => line.startsWith(start));

describe('JUnit', () => {
  it('has a suite a host with its counts, and a case a task', () => {
    const text = junit([RUN]);
    const counts = lines(text, '<testsuite ').map((line) =>
      /name="(\S+)".* tests="(\d)" failures="(\d)" errors="(\d)" skipped="(\d)"/
        .exec(line)
        ?.slice(1)
        .join(' '),
    );
    expect(counts).toEqual(['a 3 0 0 1', 'b 2 1 0 1', 'c 1 0 1 0', 'run 1 0 1 0']);
    expect(text).toContain('<testcase classname="a.motd" name="fine (2)" time="0.100"/>');
    expect(text).toContain('<skipped message="not wanted"></skipped>');
    expect(text).toContain(
      '<failure type="failure" message="b: no such file">error: b: no such file\n  task: breaks\n  hint: make it</failure>',
    );
    expect(text).toContain('<skipped message="failed, and was ignored"></skipped>');
    expect(text).toContain('<testcase classname="c.host" name="c: no answer" time="0.000"><error');
  });

  it('of a run that ended well has no flaw; one that was killed or refused has one', () => {
    const flaws = (events: Parameters<typeof recordedRun>[0]) =>
      junit([recordedRun(events)]).match(/<(error|failure) /g)?.length ?? 0;
    expect(flaws([start('a'), task('a'), recap({ a: { changed: 1 } })])).toBe(0);
    expect(flaws([start('a'), task('a'), recap({ a: { changed: 1 } }, { check: true, exitCode: 8 })])).toBe(
      0,
    );
    expect(flaws([start('a'), task('a'), recap({ a: {} }, { exitCode: 130 })])).toBe(1);
    expect(flaws([start('a'), task('a')])).toBe(1);
    expect(
      flaws([
        start('a'),
        { event: 'error', message: 'no quorum', exitCode: 3 },
        recap({ a: {} }, { exitCode: 3 }),
      ]),
    ).toBe(1);
  });

  it('is XML, whatever hosts have said', () => {
    const evil = 'a]]>\x00\x1b[2J\ud800\uffff<!-- & "q" \u{1f600}\n\ttab';
    const text = junit([
      recordedRun([
        start(evil),
        task(evil, { role: evil, task: evil, status: 'failed', changes: [change({ before: evil })] }),
        { event: 'output', host: evil, task: evil, line: evil },
        { event: 'error', message: evil, exitCode: 2, host: evil, task: evil },
        recap({ [evil]: { failed: 1 } }, { exitCode: 2 }),
      ]),
    ]);
    expect(text).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f\uffff]/);
    expect(text).not.toContain('<!--');
    expect(text).toContain('a]]&gt;[2J\ufffd&lt;!-- &amp; &quot;q&quot; \u{1f600}&#10;&#9;tab');
    wellFormed(text);
  });

  it('of several runs has a case for each', () => {
    const text = junit([
      RUN,
      recordedRun([start('d'), task('d'), recap({ d: { changed: 1 } })], '20261127T140000Z-4d5e6f'),
    ]);
    expect(lines(text, '<testcase classname="run.site"')).toHaveLength(2);
    wellFormed(text);
  });

  it('of several runs tells what went wrong in each with that one', () => {
    const refused = (id: string, message: string) =>
      recordedRun([start('a'), { event: 'error', message, exitCode: 3 }, recap({}, { exitCode: 3 })], id);
    const text = junit([refused('r1', 'no quorum'), refused('r2', 'no room')]);
    const [one = '', two = ''] = lines(text, '<testcase classname="run.site"');
    expect([one.includes('no quorum'), one.includes('no room')]).toEqual([true, false]);
    expect([two.includes('no quorum'), two.includes('no room')]).toEqual([false, true]);
  });
});

/** By another program's judgement, where it is installed. */
function wellFormed(text: string): void {
  const file = join(scratch(), 'run.xml');
  writeFileSync(file, text);
  const { error, status, stderr } = spawnSync('xmllint', ['--noout', file], { encoding: 'utf8' });
  if (error === undefined) expect([status, stderr]).toEqual([0, '']);
}
