import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../lib/runner/events.ts';
import { program } from '../../program.ts';
import { recordedRun } from '../report/recorded.ts';
import { recap, start, task } from '../report/streams.ts';
import { Project } from '../support/project.ts';
import { scratch } from '../support/scratch.ts';

const REPORT = program('playbooks/report.ts');

const text = (id: string, ...events: readonly RunEvent[]) =>
  recordedRun(events, id)
    .events.map((event) => `${JSON.stringify(event)}\n`)
    .join('');

const ONE = text('20261127T130000Z-aaaaaa', start('a', 'b'), task('a'), recap({ a: { changed: 1 }, b: {} }));
const TWO = text(
  '20261127T140000Z-bbbbbb',
  start('b', 'c'),
  task('c', { status: 'failed' }),
  recap({ b: {}, c: { failed: 1 } }, { exitCode: 2 }),
);

function merge(files: Readonly<Record<string, string>>, ...args: string[]) {
  const cwd = scratch();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  const { status, stdout, stderr } = spawnSync(process.execPath, [REPORT, ...args], {
    cwd,
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr, read: (name: string) => readFileSync(join(cwd, name), 'utf8') };
}

describe('report merge', () => {
  it('makes one page and one JUnit of several runs; a host of both is told of twice', () => {
    const { status, said, read } = merge(
      { one: ONE, two: TWO },
      'merge',
      'one',
      'two',
      '--report',
      'all.html',
      '--report',
      'all.xml',
    );
    expect([status, said]).toEqual([0, '2 runs in all.html and all.xml\n']);
    expect(read('all.html')).toContain('1 of 2 runs failed');
    for (const host of ['a', 'b · aaaaaa', 'b · bbbbbb', 'c'])
      expect(read('all.html')).toContain(`scope=row>${host}<`);
    expect(read('all.xml').match(/<testcase classname="run\.site"/g)).toHaveLength(2);
  });

  it('shows the diffs of what --output json --diff has printed', () => {
    const project = new Project(`
const motd = role({ name: 'motd', description: 'm', tasks: () => [file(dir + '/motd', { content: 'be kind\\n' })] });
await playbook(import.meta, { plays: [play({ hosts: 'all', roles: [motd] })] });
`);
    const { stdout } = project.run('--check', '--diff', '--output', 'json');
    const { status, read } = merge({ one: stdout }, 'merge', 'one', '--report', 'all.html');
    expect(status).toBe(0);
    expect(read('all.html')).toContain('<span class=a>+be kind</span>');
  });

  it('takes a file of several runs, and one whose last line is cut', () => {
    const { status, said } = merge({ both: ONE + TWO.slice(0, -9) }, 'merge', 'both', '--report', 'all.xml');
    expect([status, said]).toEqual([0, expect.stringContaining('both: 1 line left out')]);
    expect(said).toContain('2 runs in all.xml');
  });

  it.each([
    ['no files', ['merge', '--report', 'x.html'], /no file of events is named/],
    ['no report', ['merge', 'one'], /no --report is named/],
    ['another verb', ['join', 'one'], /there is no report join/],
    [
      'a file that is not there',
      ['merge', 'nothing', '--report', 'x.html'],
      /nothing cannot be read: ENOENT/,
    ],
    [
      'a file of another form',
      ['merge', 'one', 'junit.xml', '--report', 'x.html'],
      /junit\.xml has no events/,
    ],
    [
      'one run twice',
      ['merge', 'one', 'copy', '--report', 'x.html'],
      /run 20261127T130000Z-aaaaaa is in one and in copy/,
    ],
    ['a flag of runs', ['merge', 'one', '--check'], /this playbook has no --check/],
  ])('refuses %s: 1', (_, args, why) => {
    const { status, said } = merge({ one: ONE, copy: ONE, 'junit.xml': '<testsuites/>' }, ...args);
    expect([status, said]).toEqual([1, expect.stringMatching(why)]);
  });
});
