import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plainPlay } from '../../../../lib/dsl/plain-play.ts';
import type { Play } from '../../../../lib/dsl/play.ts';
import { role } from '../../../../lib/dsl/role.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../../lib/dsl/task.ts';
import { absent } from '../../../../lib/resources/absent.ts';
import { command } from '../../../../lib/resources/command.ts';
import { file } from '../../../../lib/resources/file.ts';
import { hostname } from '../../../../lib/resources/hostname.ts';
import { line } from '../../../../lib/resources/line.ts';
import { startRun } from '../../../../lib/runner/run.ts';
import { recorder } from '../../support/recorder.ts';
import { WHOLE_RUN } from '../../support/run-options.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';

/** Runs plays `one`, `two`, … with these tasks on this machine, as hosts a and b; gives exit code and warnings. */
async function run(plays: readonly (readonly Task[])[], { dir, check }: { dir: string; check: boolean }) {
  const sink = recorder();
  const hosts = ['a', 'b'].map((name) => ({
    name,
    groups: ['all'],
    vars: { ansible_connection: 'local', inventory_dir: dir },
    connect: async () => shellHost(['sh']),
  }));
  const names = ['one', 'two', 'three'];
  const code = await startRun(
    {
      name: 'site',
      description: 'site',
      plays: plays.map((tasks, i) => {
        const roles = [role({ name: `r${i}`, description: 'r', tasks: () => tasks })];
        return plainPlay({ name: names[i] as string, hosts: 'all', roles }, 'site') as Play;
      }),
    },
    {
      ...WHOLE_RUN,
      select: () => (check ? hosts : hosts.slice(0, 1)),
      check,
      sink,
    },
  ).done;
  const warnings = sink.events.flatMap((one) =>
    one.event === 'log' && one.level === 'warning' ? [one.message.replaceAll(dir, '')] : [],
  );
  return { code, warnings };
}

const BOTH = 'every run changes both';

describe('a check of plays of which a later one takes back what an earlier one makes', () => {
  const cases: readonly [what: string, plays: (at: string) => readonly (readonly Task[])[], told: boolean][] =
    [
      ['two contents of a file', (at) => [[file(at, { content: 'a' })], [file(at, { content: 'b' })]], true],
      ['a file, and its absence', (at) => [[file(at, { content: 'a' })], [absent(at, {})]], true],
      ['a file, and a line in it', (at) => [[file(at, { content: 'a\n' })], [line(at, { line: 'b' })]], true],
      ['with a play between them', (at) => [[file(at, { content: 'a' })], [], [absent(at, {})]], true],
      ['the same file twice', (at) => [[file(at, { content: 'a' })], [file(at, { content: 'a' })]], false],
      [
        'a file, and a line that it has',
        (at) => [[file(at, { content: 'a\n' })], [line(at, { line: 'a' })]],
        false,
      ],
      ['two files', (at) => [[file(at, { content: 'a' })], [file(`${at}2`, { content: 'b' })]], false],
      [
        'two commands of one name',
        (at) => [
          [command('go', { run: sh`:`, changedWhen: 'always' })],
          [command('go', { run: sh`echo ${at}`, changedWhen: 'always' })],
        ],
        false,
      ],
      [
        'one that is left out',
        (at) => [[file(at, { content: 'a', when: false })], [file(at, { content: 'b' })]],
        false,
      ],
    ];

  it.each(cases)(
    '%s: tells of it once for all hosts, before the first run and after it',
    async (_, plays, told) => {
      const dir = join(scratch(), 'host');
      mkdirSync(dir);
      const tasks = plays(join(dir, 'conf'));
      for (const check of [true, false, true]) {
        const { code, warnings } = await run(tasks, { dir, check });
        expect(code).toBe(0);
        expect(warnings).toEqual(check && told ? [expect.stringContaining(BOTH)] : []);
      }
    },
  );

  it('that want the same, of which nothing is foreseen: nothing is told', async () => {
    const same = () => [hostname('same.example.org')];
    expect((await run([same(), same()], { dir: scratch(), check: true })).warnings).toEqual([]);
  });

  it('names hosts, tasks and plays', async () => {
    const dir = join(scratch(), 'host');
    mkdirSync(dir);
    const at = join(dir, 'conf');
    const { warnings } = await run([[file(at, { content: 'a' })], [absent(at, {})]], { dir, check: true });
    expect(warnings).toEqual([
      'a, b: "/conf is absent" of the play two takes back what "/conf has its content, mode and owner" of the play one makes: every run changes both',
    ]);
  });
});
