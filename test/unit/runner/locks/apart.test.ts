import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { deferred } from '../../../../lib/deferred.ts';
import { asHolder } from '../../../../lib/dsl/hold/hold.ts';
import { plainPlay } from '../../../../lib/dsl/plain-play.ts';
import { role } from '../../../../lib/dsl/role.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../../lib/dsl/task.ts';
import { command } from '../../../../lib/resources/command.ts';
import { file } from '../../../../lib/resources/file.ts';
import { takeLock } from '../../../../lib/runner/locks/lock.ts';
import { startRun } from '../../../../lib/runner/run.ts';
import { recorder } from '../../support/recorder.ts';
import { WHOLE_RUN } from '../../support/run-options.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';

describe('the locks of hosts that are free of each other', () => {
  const NAMES = ['a', 'b', 'c'];
  let dir: string;
  beforeEach(() => {
    dir = scratch();
  });
  const records = (name: string) => join(dir, '.quorate/site', name);
  const lines = (name: string) => readFileSync(join(dir, name), 'utf8').split('\n').length - 1;
  const made = () => NAMES.filter((name) => existsSync(join(dir, name)));

  const makes = (name: string): Task => file(join(dir, name), { content: '' });

  function run(lockWait = 0, told: (message: string) => void = () => {}, task = makes) {
    const sink = recorder();
    const one = role({ name: 'one', tasks: ({ name }) => [task(name)] });
    const vars = { ansible_connection: 'local', inventory_dir: dir };
    const done = startRun(
      { name: 'site', description: '', plays: [plainPlay({ name: 'site', hosts: 'all', roles: [one] })] },
      {
        ...WHOLE_RUN,
        select: () =>
          NAMES.map((name) => ({ name, groups: [], vars, connect: async () => shellHost(['sh'], name) })),
        lockWait,
        sink: {
          ...sink,
          emit(event) {
            if (event.event === 'log') told(event.message);
            sink.emit(event);
          },
        },
      },
    ).done;
    return done.then((code) => ({
      code,
      failed: sink.events.flatMap((one) => (one.event === 'error' ? [one.host] : [])),
    }));
  }

  it('are taken each for itself: one that a person holds fails with 6, and the others are changed', async () => {
    mkdirSync(records('b'), { recursive: true });
    writeFileSync(join(records('b'), 'hold'), JSON.stringify(asHolder({ message: 'disk swap' })));
    expect(await run()).toEqual({ code: 6, failed: ['b'] });
    expect(made()).toEqual(['a', 'c']);
  });

  it('are waited for as long as is asked altogether, not once for each host that somebody has', async () => {
    for (const name of ['b', 'c']) {
      mkdirSync(records(name), { recursive: true });
      writeFileSync(join(records(name), 'hold'), JSON.stringify(asHolder({ message: 'disk swap' })));
    }
    const waits: string[] = [];
    expect(await run(300, (message) => waits.push(message))).toEqual({ code: 6, failed: ['b', 'c'] });
    expect(waits.filter((message) => message.startsWith('waiting: c:'))).toEqual([]);
    expect(made()).toEqual(['a']);
  });

  it('let a job that is delivered twice be carried out once: what met a lock finds nothing to do when tried again', async () => {
    const once = (name: string) =>
      command('once', {
        run: sh`echo x >>${join(dir, 'done')}; until [ -e ${join(dir, 'go')} ]; do sleep 0.05; done; : >${join(dir, name)}`,
        creates: join(dir, name),
      });
    const first = run(0, undefined, once);
    const isUnderWay = () => existsSync(join(dir, 'done')) && lines('done') === NAMES.length;
    while (!isUnderWay()) await sleep(20);
    expect(await run(0, undefined, once)).toMatchObject({ code: 6, failed: expect.arrayContaining(NAMES) });
    writeFileSync(join(dir, 'go'), '');
    expect((await first).code).toBe(0);
    expect((await run(0, undefined, once)).code).toBe(0);
    expect(lines('done')).toBe(NAMES.length);
  });

  it('are waited for with nothing in hand that comes later: two runs never wait for each other', async () => {
    const other = await takeLock(shellHost(['sh'], 'b'), records('b'));
    const wait = deferred();
    const ended = run(60_000, (message) => message.startsWith('waiting: b:') && wait.resolve());
    await wait.promise;
    const taken = (name: string) => readdirSync(records(name)).includes('lock');
    expect([...NAMES.map(taken), made()]).toEqual([true, true, false, []]);
    await other?.release();
    expect(await ended).toEqual({ code: 0, failed: [] });
    expect([...NAMES.map(taken), made()]).toEqual([false, false, false, NAMES]);
  });
});
