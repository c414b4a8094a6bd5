import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../../lib/dsl/path.ts';
import { MAX_TEXT, probe, type Read } from '../../../../lib/dsl/shell/probe.ts';
import { joinSh, sh } from '../../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../../lib/dsl/task.ts';
import { directory } from '../../../../lib/resources/directory.ts';
import { file } from '../../../../lib/resources/file.ts';
import { exchange } from '../../../../lib/runner/exchange/exchange.ts';
import { compileReads, parseReads } from '../../../../lib/runner/exchange/reads.ts';
import { loopHost } from '../../support/loop-host.ts';
import { recorder } from '../../support/recorder.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';
import { SHELLS } from '../../support/shells.ts';

const isRoot = process.getuid?.() === 0;

describe.each(SHELLS)('looks of many tasks under %s', (name, ...shell) => {
  let dir: string;
  beforeEach(() => {
    dir = scratch();
  });
  const at = (name: string) => join(dir, name);

  async function plan(command: readonly string[], ...tasks: Task[]) {
    const host = loopHost({ dir, sink: recorder(), shell: command });
    await host.makePlan(tasks.map((task) => ({ role: 'role', task })));
    return host.plan.map(({ changes }) => changes);
  }
  const text = (path: string, content: string) => file(path, { content, mode: '0644' });

  it('take a file that goes while it is read for absent, not for closed to us', async () => {
    writeFileSync(at('loaded'), 'text\n');
    const reads: readonly Read[] = [{ path: at('loaded'), how: 'text' }];
    // What reads the bytes takes the file away first, as a service does that fails in between.
    const script = joinSh([sh`head() { rm -f -- ${at('loaded')}; return 1; }`, compileReads(reads)]);
    const { readings } = await exchange(shellHost(shell), [{ id: 'all', sh: script, critical: false }], {
      stateDir: at('state'),
    });
    expect(parseReads(readings.get('all') as { code: number; out: string }, reads)(reads[0] as Read)).toBe(
      '',
    );
  });

  it('together and alone say the same', async () => {
    writeFileSync(at('a'), 'text\n');
    writeFileSync(at('b'), Buffer.from([0, 255, 10]));
    writeFileSync(at("it's \\ |stat x"), '');
    writeFileSync(at('large'), 'x'.repeat(MAX_TEXT + 1));
    mkdirSync(at('d'));
    symlinkSync(at('d'), at('to d'));
    symlinkSync('/dev/null', at('masked'));
    const names = ['a', 'b', "it's \\ |stat x", 'large', 'd', 'to d', 'masked', 'missing/x', 'a/below'];
    const reads: readonly Read[] = [
      ...names.flatMap((name): Read[] => [
        { path: at(name), how: 'stat' },
        { path: at(name), how: 'digest' },
        { path: at(name), how: 'text' },
        { path: at(name), how: 'text', unless: sha256('text\n') },
        { path: at(name), how: 'text', most: MAX_TEXT + 1 },
        { path: at(name), how: 'above' },
      ]),
      { account: 'root', in: 'passwd' },
      { account: 'root', in: 'group' },
      { account: 'no one', in: 'passwd' },
    ];
    const host = shellHost(shell);
    const together = { id: 'all', sh: compileReads(reads), critical: false };
    const alone = reads.map((read, i) => ({ id: `${i}`, sh: probe([read]), critical: false }));
    const { readings } = await exchange(host, [together, ...alone], { stateDir: at('state') });
    const look = parseReads(readings.get('all') as { code: number; out: string }, reads);
    reads.forEach((read, i) => {
      expect([read, look(read)]).toEqual([read, readings.get(`${i}`)?.out]);
    });
  });

  // Files of these have a size of 0 or 4096, whatever is in them.
  it('are each their own where a size is wrong', async () => {
    const tasks = () => [
      text('/proc/version', 'x'),
      text(at('a'), 'a\n'),
      text('/sys/kernel/mm/transparent_hugepage/enabled', 'x'),
      text(at('b'), 'b\n'),
    ];
    for (const one of ['a', 'b']) writeFileSync(at(one), `${one}\n`);
    const sysIsThere = () => {
      try {
        return statSync('/sys/kernel/mm/transparent_hugepage/enabled').size > 0;
      } catch {
        return false;
      }
    };
    const wanted = sysIsThere() ? tasks() : [tasks()[0], tasks()[1], tasks()[3]].flatMap((one) => one ?? []);
    const looks = wanted.flatMap((task) => (task.probe && 'reads' in task.probe ? task.probe.reads : []));
    const { readings } = await exchange(shellHost(shell), [
      { id: 'all', sh: compileReads(looks), critical: false },
    ]);
    const look = parseReads(readings.get('all') as { code: number; out: string }, looks);
    const shown = (path: string) => {
      const read = looks.find((one) => 'path' in one && one.path === path && one.how === 'text') as Read;
      const [, kind = '', ...lines] = look(read).split('\n');
      return kind === 'text' ? Buffer.from(lines.join(''), 'base64').toString() : kind;
    };
    expect(shown('/proc/version')).toMatch(/^Linux version /);
    expect([shown(at('a')), shown(at('b'))]).toEqual([`sha256 ${sha256('a\n')}`, `sha256 ${sha256('b\n')}`]);
  });

  it.runIf(isRoot && shell[0] !== '/usr/bin/nsenter')(
    'a file that may not be read fails its own task',
    async () => {
      chmodSync(dir, 0o755);
      for (const name of ['a', 'closed', 'z']) writeFileSync(at(name), `${name}\n`, { mode: 0o644 });
      chmodSync(at('closed'), 0o600);
      const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...shell];
      const tasks = ['a', 'z'].map((name) => text(at(name), `${name}\n`));
      expect(await plan(nobody, ...tasks)).toEqual([[], []]);
      await expect(plan(nobody, tasks[0]!, text(at('closed'), 'closed\n'), tasks[1]!)).rejects.toMatchObject({
        exitCode: 2,
        message: `here: cannot read ${at('closed')}`,
        task: `${at('closed')} has its content, mode and owner`,
      });
    },
  );

  it.runIf(isRoot && shell[0] !== '/usr/bin/nsenter')(
    'what can’t be seen is not what is not there, and a folder that takes nothing is said',
    async () => {
      chmodSync(dir, 0o755);
      for (const name of ['closed', 'sealed']) mkdirSync(at(name));
      chmodSync(at('closed'), 0o700);
      chmodSync(at('sealed'), 0o755);
      const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...shell];
      const refused = async (task: Task) => plan(nobody, task).catch(({ message }) => message);
      expect(await refused(text(at('closed/x'), ''))).toBe(
        `here: cannot see ${at('closed/x')}: ${at('closed')} is closed to us`,
      );
      expect(await refused(directory(at('closed/x'), { mode: '0755' }))).toMatch(/^here: cannot see/);
      expect(await refused(text(at('sealed/x'), ''))).toBe(
        `here: cannot make ${at('sealed/x')}: nothing can be written in ${at('sealed')}`,
      );
    },
  );

  it.runIf(name === 'dash')('are any number', { timeout: 60_000 }, async () => {
    const deep = join(dir, ...Array.from({ length: 5 }, () => 'long name '.repeat(20)));
    mkdirSync(deep, { recursive: true });
    // More than a kernel takes as one command line.
    const many = Array.from({ length: 2500 }, (_, i) => join(deep, `${i}`));
    for (const path of many) writeFileSync(path, 'x\n', { mode: 0o644 });
    const plans = await plan(shell, ...many.map((path) => text(path, 'x\n')));
    expect(plans.filter((changes) => changes.length > 0)).toEqual([]);
  });
});
