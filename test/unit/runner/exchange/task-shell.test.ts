import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../../lib/dsl/secret.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../../lib/dsl/task.ts';
import { command } from '../../../../lib/resources/command.ts';
import { file } from '../../../../lib/resources/file.ts';
import { task } from '../../../../lib/resources/task.ts';
import { user } from '../../../../lib/resources/user/index.ts';
import { waitFor } from '../../../../lib/resources/wait-for.ts';
import { probeFragment } from '../../../../lib/runner/exchange/task-shell.ts';
import { loopHost } from '../../support/loop-host.ts';
import { recorder } from '../../support/recorder.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

const isRoot = process.getuid?.() === 0;

describe.each(SHELLS)('control words under %s', (name, ...shell) => {
  let dir: string;
  let sink: ReturnType<typeof recorder>;
  beforeEach(() => {
    dir = scratch();
    sink = recorder();
  });

  async function plan(...tasks: Task[]) {
    const host = loopHost({ dir, sink, shell });
    await host.makePlan(tasks.map((task) => ({ role: 'role', task })));
    return host;
  }

  async function run(...tasks: Task[]) {
    const host = await plan(...tasks);
    host.reportPlan();
    await host.apply(() => true);
    return host;
  }

  const told = () =>
    sink.events.flatMap((event) =>
      event.event === 'task' ? [[event.task, event.status, event.handled ?? event.reason]] : [],
    );
  const warnings = () =>
    sink.events.flatMap((event) =>
      event.event === 'log' && event.level === 'warning' ? [event.message] : [],
    );
  const marker = (name: string, options = {}) =>
    command(name, { run: sh`echo >${join(dir, name)}`, creates: join(dir, name), ...options });

  it('when: false reports a task as skipped, and leaves the other one of a thing alone', async () => {
    const at = (content: string, when: boolean) => file(join(dir, 'conf'), { content, title: content, when });
    await run(at('debian', false), at('redhat', true));
    expect(told()).toEqual([
      ['debian', 'skipped', 'when: false'],
      ['redhat', 'changed', undefined],
    ]);
    expect(readFileSync(join(dir, 'conf'), 'utf8')).toBe('redhat');
  });

  describe('ignoreErrors', () => {
    it('goes on after a task that fails: its apply', async () => {
      await run(
        marker('before'),
        command('breaks', { run: sh`echo broken; exit 3`, creates: join(dir, 'x'), ignoreErrors: true }),
        marker('behind'),
      );
      expect(told()).toEqual([
        ['before', 'changed', undefined],
        ['breaks', 'failed', 'ignored'],
        ['behind', 'changed', undefined],
      ]);
      expect(warnings()).toEqual(['breaks: exit status 3\nbroken (ignored)']);
    });

    it('goes on after a task that fails: its proof', async () => {
      await run(command('in vain', { run: sh`:`, unless: sh`false`, ignoreErrors: true }), marker('behind'));
      expect(told().map(([name, status]) => [name, status])).toEqual([
        ['in vain', 'failed'],
        ['behind', 'changed'],
      ]);
    });

    it('goes on after a task that cannot be done as things are, and plans the rest from what is there', async () => {
      const host = await run(
        file(join(dir, 'nowhere/conf'), { content: 'x', title: 'impossible', ignoreErrors: true }),
        marker('behind'),
      );
      expect(told().map(([name, status, handled]) => [name, status, handled])).toEqual([
        ['impossible', 'failed', 'ignored'],
        ['behind', 'changed', undefined],
      ]);
      expect(host.plan.length).toBe(2);
    });

    it('does not believe what the task that failed was to bring', async () => {
      const conf = file(join(dir, 'etc/conf'), { content: 'x', title: 'conf' });
      await expect(
        run(command('the folder', { run: sh`exit 1`, creates: join(dir, 'etc'), ignoreErrors: true }), conf),
      ).rejects.toThrow(/etc is missing$/);
      expect(existsSync(join(dir, 'etc'))).toBe(false);
    });

    it('of another task does not save one that has no such word', async () => {
      await expect(
        run(
          command('one', { run: sh`exit 1`, creates: join(dir, 'x'), ignoreErrors: true }),
          command('two', { run: sh`exit 1`, creates: join(dir, 'y') }),
          marker('behind'),
        ),
      ).rejects.toThrow('here: two: exit status 1');
      expect(existsSync(join(dir, 'behind'))).toBe(false);
    });
  });

  describe('retries', () => {
    it('ask the proof again until it holds', async () => {
      const late = join(dir, 'late');
      const host = plan(
        command('started', {
          run: sh`(sleep 0.6; : >${late}) & `,
          unless: sh`[ -e ${late} ]`,
          retries: 20,
          delay: 0.1,
        }),
        marker('behind'),
      );
      await (await host).apply(() => true);
      expect(told()).toEqual([
        ['started', 'changed', undefined],
        ['behind', 'changed', undefined],
      ]);
    });

    it('make an apply again that failed', async () => {
      const tries = join(dir, 'tries');
      await run(
        command('flaky', {
          run: sh`echo x >>${tries}; [ "$(wc -l <${tries})" -ge 3 ]`,
          changedWhen: 'always',
          retries: 5,
          delay: 0,
        }),
      );
      expect(readFileSync(tries, 'utf8')).toBe('x\nx\nx\n');
      expect(told()).toEqual([['flaky', 'changed', undefined]]);
    });

    it('are over after as many as were asked for, and the failure is told once', async () => {
      const tries = join(dir, 'tries');
      const options = { creates: join(dir, 'x'), retries: 2, delay: 0 };
      await expect(run(command('never', { run: sh`echo x >>${tries}; exit 4`, ...options }))).rejects.toThrow(
        'here: never: exit status 4',
      );
      expect(readFileSync(tries, 'utf8')).toBe('x\nx\nx\n');
      expect(told()).toEqual([['never', 'failed', undefined]]);
    });

    it('count for a task that is a function, too', async () => {
      const tries = join(dir, 'tries');
      await run(
        task('by hand', async ({ $ }) => void (await $`echo x >>${tries}; [ "$(wc -l <${tries})" -ge 2 ]`), {
          changedWhen: 'always',
          retries: 2,
          delay: 0,
        }),
      );
      expect(readFileSync(tries, 'utf8')).toBe('x\nx\n');
    });
  });

  describe('until', () => {
    it('is asked after the apply, and waited for', async () => {
      const ready = join(dir, 'ready');
      setTimeout(() => writeFileSync(ready, ''), 400);
      await run(marker('made', { until: sh`[ -e ${ready} ]`, retries: 30, delay: 0.1 }));
      expect(told()).toEqual([['made', 'changed', undefined]]);
    });

    it('is a difference of its own: a check says that it does not hold, and a run waits without an apply', async () => {
      const [made, ready] = [join(dir, 'made'), join(dir, 'ready')];
      writeFileSync(made, '');
      const waiting = () =>
        command('made', {
          run: sh`rm ${made}`,
          creates: made,
          until: sh`[ -e ${ready} ]`,
          retries: 30,
          delay: 0.1,
        });
      const host = await plan(waiting());
      expect(host.plan[0]?.changes).toMatchObject([
        { kind: 'wait', property: 'until', certainty: 'conditional' },
      ]);
      setTimeout(() => writeFileSync(ready, ''), 300);
      await host.apply(() => true);
      expect(existsSync(made)).toBe(true);
      expect((await plan(waiting())).plan[0]?.changes).toEqual([]);
    });

    it('fails the task where it never holds', async () => {
      await expect(run(marker('made', { until: sh`false`, retries: 1, delay: 0 }))).rejects.toThrow(
        'here: made: applied, but it did not stick\n  until: wanted yes, there is no',
      );
    });

    it('keeps apart what a probe prints', async () => {
      const path = join(dir, 'conf');
      const conf = () => file(path, { content: 'x\n', until: sh`grep -q x ${path}`, delay: 0 });
      await run(conf());
      expect((await plan(conf())).plan[0]?.changes).toEqual([]);
    });
  });

  describe('timeout', () => {
    it('ends what runs, with all that it started, and fails the task alone', async () => {
      const [pids, behind] = [join(dir, 'pids'), join(dir, 'behind')];
      const host = await plan(
        command('hangs', {
          run: sh`echo begins; sleep 777 & echo $! >${pids}; sleep 778`,
          creates: join(dir, 'never'),
          timeout: 0.5,
          ignoreErrors: true,
        }),
        command('behind', { run: sh`: >${behind}`, creates: behind }),
      );
      await host.apply(() => true);
      expect(told()).toEqual([
        ['hangs', 'failed', 'ignored'],
        ['behind', 'changed', undefined],
      ]);
      expect(warnings()[0]).toMatch(/^hangs: exit status 124\nbegins\ndid not end within 0.5 s/);
      await sleep(100);
      const pid = Number(readFileSync(pids, 'utf8'));
      expect(existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toBeFalsy();
    });

    it('is not a limit for one that ends before', async () => {
      await run(marker('quick', { timeout: 30 }));
      expect(told()).toEqual([['quick', 'changed', undefined]]);
    });

    it('is for all commands of a task that is a function', async () => {
      const hangs = task('by hand', async ({ $ }) => void (await $.nothrow`sleep 776`), {
        changedWhen: 'always',
        timeout: 0.4,
      });
      await expect(run(hangs)).rejects.toThrow(/^here: by hand: exit status 124\ndid not end within 0.\d+ s/);
    });
  });

  describe('environment', () => {
    it('is there for the apply and the probe', async () => {
      const path = join(dir, 'out');
      const proxy = { PROXY: "http://it's:8080/ $HOME" };
      await run(
        command('asked', {
          run: sh`printf %s "$PROXY" >${path}`,
          unless: sh`[ "$(cat ${path} 2>/dev/null)" = "$PROXY" ]`,
          environment: proxy,
        }),
        command('not for others', { run: sh`echo "[\${PROXY-none}]"`, changedWhen: 'always' }),
      );
      expect(readFileSync(path, 'utf8')).toBe(proxy.PROXY);
      expect(sink.events.flatMap((event) => (event.event === 'output' ? [event.line] : []))).toEqual([
        '[none]',
      ]);
    });

    it('has secrets that stand in no command line', async () => {
      const path = join(dir, 'cmdlines');
      const environment = { TOKEN: new Secret('kanarienvogel-7') };
      await run(
        command('asked', {
          run: sh`[ "$TOKEN" = kanarien''vogel-7 ] && sh -c 'cat /proc/*/cmdline | tr "\0" "\n" >'${path}`,
          creates: path,
          environment,
        }),
      );
      expect(readFileSync(path, 'utf8')).not.toContain('kanarienvogel-7');
    });
  });

  // The root directory that busybox has here knows no other user.
  describe.runIf(isRoot && name !== 'busybox')('becomeUser', () => {
    beforeEach(() => {
      mkdirSync(join(dir, 'theirs'), { mode: 0o777 });
    });

    it('runs the apply and the probe as that user, with its home and none of our command line', async () => {
      const out = join('/tmp', `quorate-words-${process.pid}-${name}`.replaceAll(' ', '-'));
      try {
        await run(
          command('made', {
            run: sh`{ id -un; echo "$HOME $USER $GREETING"; cat /proc/$$/cmdline | tr '\0' ' '; } >${out}`,
            unless: sh`[ "$(id -un)" = nobody ] && [ -s ${out} ]`,
            becomeUser: 'nobody',
            environment: { GREETING: 'hello' },
          }),
        );
        const [who, home, line] = readFileSync(out, 'utf8').split('\n');
        expect([who, home]).toEqual(['nobody', expect.stringMatching(/^\/\S* nobody hello$/)]);
        expect(line).not.toContain('GREETING');
        expect(statSync(out).uid).not.toBe(0);
      } finally {
        await import('node:fs/promises').then(({ rm }) => rm(out, { force: true }));
      }
    });

    it('is refused with a sentence where there is no such user', async () => {
      await expect(plan(marker('made', { becomeUser: 'quorate-nobody' }))).rejects.toThrow(
        'here: cannot run as quorate-nobody: there is none of this name',
      );
    });

    it('is judged when its turn comes where an earlier task makes that user', async () => {
      const host = await plan(
        user('quorate-nobody', { system: true }),
        marker('made', { becomeUser: 'quorate-nobody' }),
      );
      expect(host.plan[1]).toMatchObject({ waits: true, changes: [{ certainty: 'unknown' }] });
    });
  });

  it('a line that a command prints is told while it runs', async () => {
    const go = join(dir, 'go');
    const host = await plan(
      command('long', {
        run: sh`echo one; echo; until [ -e ${go} ]; do sleep 0.1; done; echo two`,
        changedWhen: 'always',
      }),
    );
    const lines = () => sink.events.flatMap((event) => (event.event === 'output' ? [event.line] : []));
    const done = host.apply(() => true);
    for (let i = 0; i < 50 && lines().length === 0; i += 1) await sleep(100);
    expect(lines()).toEqual(['one']);
    writeFileSync(go, '');
    await done;
    expect(lines()).toEqual(['one', '', 'two']);
  });

  it('two tasks that want one thing as different users disagree', async () => {
    await expect(
      plan(marker('made', { becomeUser: 'daemon' }), marker('made', { becomeUser: 'bin' })),
    ).rejects.toThrow(/want different things of command:made/);
  });
});

it('a look that may hang is given its time, and an until as well', () => {
  const waits = (timeout: number) => waitFor('it is there', { until: sh`false`, timeout });
  const awaited = command('once', { run: sh`:`, creates: '/x', until: sh`false` });
  const looks = [waits(10), waits(300), awaited, command('once', { run: sh`:`, creates: '/x' })].map(
    (task) => probeFragment(task, '0').lookSeconds,
  );
  expect(looks).toEqual([10, 55, 55, undefined]);
});
