import { spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { joinSh, type Sh, sh } from '../../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../../lib/dsl/task.ts';
import { QuorateError } from '../../../../lib/errors.ts';
import { file } from '../../../../lib/resources/file.ts';
import { GUARD_SECONDS } from '../../../../lib/runner/apply/guard.ts';
import type { Host } from '../../../../lib/transport/host.ts';
import { loopHost } from '../../support/loop-host.ts';
import { recorder } from '../../support/recorder.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';
import { SHELLS } from '../../support/shells.ts';

describe.each(SHELLS)('a change that could cut us off, under %s', (name, ...shell) => {
  let dir: string;
  let sink: ReturnType<typeof recorder>;
  beforeEach(() => {
    dir = scratch();
    sink = recorder();
    writeFileSync(join(dir, 'rules'), 'old\n');
  });

  /** `rules` is guarded; `later` is what would follow. */
  const tasks = (): readonly Task[] => {
    const [rules, later] = [join(dir, 'rules'), join(dir, 'later')];
    const guard = {
      save: sh`cp ${rules} "$q_guard/kept"`,
      undo: () => sh`cp "$q_guard/kept" ${rules}`,
    };
    return [
      { ...file(rules, { content: 'new\n', mode: '0644', title: 'the rules are new' }), guard },
      file(later, { content: '', mode: '0644', title: 'later' }),
    ];
  };

  async function plan(connect: () => Promise<ReturnType<typeof shellHost>>) {
    const host = loopHost({ dir, sink, shell, connect });
    await host.makePlan(tasks().map((task) => ({ role: 'role', task })));
    return host;
  }

  const rules = () => readFileSync(join(dir, 'rules'), 'utf8');
  const statuses = () =>
    sink.events.flatMap((event) => (event.event === 'task' ? [`${event.task}: ${event.status}`] : []));
  const untilUndone = async (seconds: number) => {
    for (let i = 0; i < seconds * 10 && existsSync(join(dir, 'state/guard')); i++) await sleep(100);
  };

  it('stays when a new connection gets through, and what follows waits for that', async () => {
    const host = await plan(async () => {
      expect(rules()).toBe('new\n');
      expect(existsSync(join(dir, 'later'))).toBe(false);
      return shellHost(shell);
    });
    await host.apply(() => true);
    expect(statuses()).toEqual(['the rules are new: changed', 'later: changed']);
    expect(existsSync(join(dir, 'state/guard'))).toBe(false);
    await sleep(1200);
    expect(rules()).toBe('new\n');
  });

  // Twelve seconds once are enough.
  it.runIf(name === SHELLS[0]?.[0])(
    `is taken back by the host after ${GUARD_SECONDS} s when none does, and nothing follows`,
    async () => {
      const host = await plan(async () => {
        throw new QuorateError('here: cannot connect to 192.0.2.1 port 22: no answer within 10 s', {
          exitCode: 4,
        });
      });
      const began = Date.now();
      await expect(host.apply(() => true)).rejects.toMatchObject({
        exitCode: 2,
        message:
          'here: the change would cut us off, and the host takes it back: a new connection was tried: cannot connect to 192.0.2.1 port 22: no answer within 10 s',
      });
      expect(statuses()).toEqual(['the rules are new: failed']);
      expect(existsSync(join(dir, 'later'))).toBe(false);
      expect(rules()).toBe('new\n');
      await untilUndone(GUARD_SECONDS + 5);
      expect(rules()).toBe('old\n');
      expect((Date.now() - began) / 1000).toBeGreaterThan(GUARD_SECONDS - 1);
    },
  );

  it.runIf(name === SHELLS[0]?.[0])(
    'may take its time: only what is applied waits for a connection',
    async () => {
      const [rules] = tasks() as [Task, Task];
      const slow = {
        ...rules,
        apply: (...args: Parameters<Task['apply']>) => sh`sleep ${GUARD_SECONDS + 1}
${rules.apply(...args)}`,
      };
      const host = loopHost({ dir, sink, shell, connect: async () => shellHost(shell) });
      await host.makePlan([{ role: 'role', task: slow }]);
      await host.apply(() => true);
      expect(statuses()).toEqual(['the rules are new: changed']);
    },
  );

  it('stays when one gets through at the third try, within the time: sshd may be busy', async () => {
    let tries = 0;
    const host = await plan(async () => {
      tries += 1;
      if (tries < 3) throw new Error('connection reset');
      return shellHost(shell);
    });
    await host.apply(() => true);
    expect([tries, rules(), existsSync(join(dir, 'later'))]).toEqual([3, 'new\n', true]);
  });

  it('is a failure when the connection comes too late', async () => {
    const host = await plan(async () => {
      await sleep(500);
      // As the timer does it.
      const { rename } = await import('node:fs/promises');
      await rename(join(dir, 'state/guard/armed'), join(dir, 'state/guard/undoing'));
      return shellHost(shell);
    });
    await expect(host.apply(() => true)).rejects.toThrow(/none got through in time/);
    expect(statuses()).toEqual(['the rules are new: failed']);
  });

  describe('after another task', () => {
    const began = () => join(dir, 'began');
    /** What comes before does `first`; the rules are set slowly once `began` is there. */
    async function behind(first: Sh, { save, last = sh`:` }: { save?: Sh; last?: Sh } = {}) {
      const [rules, later] = tasks() as [Task, Task];
      const earlier = {
        ...file(join(dir, 'earlier'), { content: '', mode: '0644', title: 'earlier' }),
        apply: () => sh`${first}
: >${join(dir, 'earlier')}; chmod 0644 ${join(dir, 'earlier')}`,
      };
      const guard = { undo: rules.guard?.undo ?? (() => sh`:`), save: save ?? rules.guard?.save ?? sh`:` };
      const apply = (...args: Parameters<Task['apply']>) => joinSh([last, rules.apply(...args)]);
      const host = loopHost({ dir, sink, shell, connect: async () => shellHost(shell) });
      const all = [earlier, { ...rules, guard, apply }, later];
      await host.makePlan(all.map((task) => ({ role: 'role', task })));
      return host;
    }
    const guard = () => existsSync(join(dir, 'state/guard'));
    const slowly = () => sh`: >${began()}; sleep 1`;
    const stopOnce = async (host: Awaited<ReturnType<typeof behind>>) => {
      for (let i = 0; i < 200 && !existsSync(began()); i++) await sleep(20);
      host.stop();
    };

    it('is not begun when that took so long that the host takes nothing back any more', async () => {
      const host = await behind(
        sh`mv ${`${dir}/state/guard/armed`} ${`${dir}/state/guard/undoing`}; rm -rf ${`${dir}/state/guard`}`,
      );
      await expect(host.apply(() => true)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(/^here: "the rules are new" was not begun: /),
      });
      expect(rules()).toBe('old\n');
      expect(statuses()).toEqual(['earlier: changed']);
    });

    it('is not begun when what is needed to go back cannot be kept, and that is said', async () => {
      const host = await behind(sh`:`, { save: sh`echo 'no such rules'; exit 1` });
      await expect(host.apply(() => true)).rejects.toMatchObject({
        exitCode: 2,
        message:
          'here: "the rules are new" was not begun: the state to go back to cannot be saved: no such rules',
      });
      expect([rules(), statuses()]).toEqual(['old\n', []]);
    });

    it('leaves no timer when a stop is asked for before it is begun', async () => {
      const host = await behind(slowly());
      const applied = host.apply(() => true);
      await stopOnce(host);
      await expect(applied).rejects.toMatchObject({ exitCode: 130 });
      expect([rules(), guard(), statuses()]).toEqual(['old\n', false, ['earlier: changed']]);
    });

    it('leaves no timer when that fails', async () => {
      const host = await behind(sh`exit 3`);
      await expect(host.apply(() => true)).rejects.toMatchObject({ exitCode: 2 });
      expect([rules(), guard(), statuses()]).toEqual(['old\n', false, ['earlier: failed']]);
    });

    it('stays when a stop is asked for while it is made: what is proven is not taken back', async () => {
      const host = await behind(sh`:`, { last: slowly() });
      const applied = host.apply(() => true);
      await stopOnce(host);
      await expect(applied).rejects.toMatchObject({ exitCode: 130 });
      expect([rules(), guard()]).toEqual(['new\n', false]);
      expect(statuses()).toEqual(['earlier: changed', 'the rules are new: changed']);
    });
  });

  describe('that takes the connection with it', () => {
    const LOST = { exitCode: 4, message: 'here: the connection was lost' } as const;
    /** Its connection goes with the new rules; what is said while they are set arrives, unless nothing does. */
    function losing(deaf: boolean): Host {
      const host = shellHost(shell);
      const lost = new QuorateError(LOST.message, { exitCode: LOST.exitCode, host: 'here' });
      return {
        ...host,
        run: (script, streams) => {
          const stdout = deaf && script.includes('q_guard=') ? () => {} : streams.stdout;
          const running = host.run(script, { ...streams, stdout });
          const done = running.done.then(() => (rules() === 'new\n' ? Promise.reject(lost) : running.done));
          return { ...running, done };
        },
      };
    }
    const applying = async (connect: () => Promise<Host>, { deaf = false } = {}) => {
      const host = loopHost({ dir, sink, shell, connect, host: losing(deaf) });
      await host.makePlan(tasks().map((task) => ({ role: 'role', task })));
      return host.apply(() => true);
    };
    const armed = () => join(dir, 'state/guard/armed');

    it('is named as the cause when a new one gets through once it was taken back', async () => {
      let tries = 0;
      const connect = async () => {
        tries += 1;
        if (tries === 1) throw new Error('here: cannot connect');
        renameSync(armed(), join(dir, 'state/guard/undoing'));
        return shellHost(shell);
      };
      await expect(applying(connect)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(/^here: the change would cut us off, .*: none got through in time$/),
      });
      expect(statuses()).toEqual(['the rules are new: failed']);
    });

    // Twelve seconds once are enough.
    it.runIf(name === SHELLS[0]?.[0])('is not when the host stays away', async () => {
      const connect = () => Promise.reject(new Error('here: cannot connect'));
      await expect(applying(connect)).rejects.toMatchObject(LOST);
      expect(statuses()).toEqual(['the rules are new: failed']);
    });

    it('is not when a new one gets through at once; it is taken back all the same', async () => {
      await expect(applying(async () => shellHost(shell))).rejects.toMatchObject(LOST);
      expect(statuses()).toEqual(['the rules are new: failed']);
      expect(existsSync(armed())).toBe(true);
    });

    it('is not when it was never heard of', async () => {
      const connect = () => Promise.reject(new Error('nobody asks'));
      await expect(applying(connect, { deaf: true })).rejects.toMatchObject(LOST);
    });
  });

  it('is taken back at once when the run that made it is gone, and a later look waits for that', async () => {
    const holder = spawn('sleep', ['60']);
    const started = readFileSync(`/proc/${holder.pid}/stat`, 'utf8').split(' ')[21];
    await mkdir(join(dir, 'state'));
    symlinkSync(`${holder.pid}:${started}:somebody@elsewhere`, join(dir, 'state/lock'));
    const host = await plan(() => new Promise(() => {}));
    // Never ends: its run is killed.
    void host.apply(() => true);
    while (rules() !== 'new\n') await sleep(20);
    holder.kill();
    const began = Date.now();
    const later = await plan(async () => shellHost(shell));
    expect(Date.now() - began).toBeLessThan(GUARD_SECONDS * 500);
    expect(rules()).toBe('old\n');
    expect(later.plan.map(({ changes }) => changes.length)).toEqual([1, 1]);
  });
});
