import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { block, flattened, type TaskList } from '../../../lib/dsl/block.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { command } from '../../../lib/resources/command.ts';
import { file } from '../../../lib/resources/file.ts';
import { loopHost } from '../support/loop-host.ts';
import { recorder } from '../support/recorder.ts';
import { scratch } from '../support/scratch.ts';

describe('a block', () => {
  let dir: string;
  let sink: ReturnType<typeof recorder>;
  beforeEach(() => {
    dir = scratch();
    sink = recorder();
  });

  /** A task that leaves its name behind. */
  const does = (name: string) =>
    command(name, {
      run: sh`echo ${name} >>${join(dir, 'done')}; : >${join(dir, name)}`,
      creates: join(dir, name),
    });
  const breaks = (name = 'breaks') => command(name, { run: sh`exit 1`, creates: join(dir, name) });
  const vain = () => command('in vain', { run: sh`:`, unless: sh`false`, after: [] });
  const ignored = () => command('ignored', { run: sh`exit 1`, creates: join(dir, 'x'), ignoreErrors: true });
  const impossible = () => file(join(dir, 'nowhere/conf'), { content: '', title: 'impossible' });

  async function run(list: TaskList) {
    const host = loopHost({ dir, sink });
    await host.makePlan(flattened(list).map((task) => ({ role: 'role', task })));
    host.reportPlan();
    const error = await host
      .apply(() => true)
      .then(
        () => undefined,
        (failed: Error) => failed.message.split('\n')[0],
      );
    host.reportLeft();
    const done = existsSync(join(dir, 'done'))
      ? readFileSync(join(dir, 'done'), 'utf8').trim().split('\n')
      : [];
    return { done, error };
  }

  interface Case {
    readonly name: string;
    list(): TaskList;
    readonly done: readonly string[];
    readonly error?: string;
  }

  const failed = 'here: breaks: exit status 1';
  const CASES: readonly Case[] = [
    {
      name: 'that comes through leaves its rescue out',
      list: () => [block({ tasks: [does('a')], rescue: [does('r')], always: [does('z')] }), does('behind')],
      done: ['a', 'z', 'behind'],
    },
    {
      name: 'that fails is rescued, and the host goes on',
      list: () => [
        block({ tasks: [does('a'), breaks(), does('b')], rescue: [does('r')], always: [does('z')] }),
        does('behind'),
      ],
      done: ['a', 'r', 'z', 'behind'],
    },
    {
      name: 'that fails by its proof is rescued, too',
      list: () => [block({ tasks: [vain(), does('b')], rescue: [does('r')] }), does('behind')],
      done: ['r', 'behind'],
    },
    {
      name: 'with a task that cannot be done as things are begins all the same, and is rescued',
      list: () => [does('before'), block({ tasks: [does('a'), impossible()], rescue: [does('r')] })],
      done: ['before', 'a', 'r'],
    },
    {
      name: 'without a rescue carries out always, and ends the host',
      list: () => [block({ tasks: [breaks(), does('b')], always: [does('z')] }), does('behind')],
      done: ['z'],
      error: failed,
    },
    {
      name: 'whose rescue fails carries out always, and ends the host',
      list: () => [
        block({ tasks: [breaks('one')], rescue: [breaks(), does('r')], always: [does('z')] }),
        does('behind'),
      ],
      done: ['z'],
      error: failed,
    },
    {
      name: 'within a block hands its failure on to the rescue around it, behind its own always',
      list: () => [
        block({
          tasks: [block({ tasks: [breaks()], always: [does('inner')] }), does('b')],
          rescue: [does('r')],
          always: [does('z')],
        }),
        does('behind'),
      ],
      done: ['inner', 'r', 'z', 'behind'],
    },
    {
      name: 'within a block that is rescued lets the one around it go on',
      list: () => [
        block({
          tasks: [block({ tasks: [breaks()], rescue: [does('inner')] }), does('b')],
          rescue: [does('r')],
        }),
      ],
      done: ['inner', 'b'],
    },
    {
      name: 'within a rescue has a rescue of its own',
      list: () => [
        block({
          tasks: [breaks('one')],
          rescue: [block({ tasks: [breaks()], rescue: [does('inner')] }), does('r')],
          always: [does('z')],
        }),
      ],
      done: ['inner', 'r', 'z'],
    },
    {
      name: 'whose rescue fails hands that on to the rescue around it',
      list: () => [
        block({
          tasks: [block({ tasks: [breaks('one')], rescue: [breaks(), does('inner')] }), does('b')],
          rescue: [does('r')],
          always: [does('z')],
        }),
        does('behind'),
      ],
      done: ['r', 'z', 'behind'],
    },
    {
      name: 'whose rescue fails three levels deep hands that on, level by level',
      list: () => [
        block({
          tasks: [
            block({
              tasks: [block({ tasks: [breaks('one')], rescue: [breaks('two')] })],
              rescue: [breaks('three')],
            }),
          ],
          rescue: [does('r')],
        }),
        does('behind'),
      ],
      done: ['r', 'behind'],
    },
    {
      name: 'within a rescue hands its failure on to the rescue around both',
      list: () => [
        block({
          tasks: [
            block({
              tasks: [breaks('one')],
              rescue: [block({ tasks: [breaks('two')], rescue: [breaks('three')] }), does('inner')],
            }),
          ],
          rescue: [does('r')],
        }),
      ],
      done: ['r'],
    },
    {
      name: 'whose always fails ends the host',
      list: () => [
        block({ tasks: [does('a')], rescue: [does('r')], always: [breaks(), does('z')] }),
        does('behind'),
      ],
      done: ['a'],
      error: failed,
    },
    {
      name: 'with a failure that is ignored goes on',
      list: () => [block({ tasks: [ignored(), does('a')], rescue: [does('r')] })],
      done: ['a'],
    },
    {
      name: 'that ends the host is not taken up again after an ignored failure in always',
      list: () => [block({ tasks: [breaks(), does('b')], always: [ignored(), does('z')] }), does('behind')],
      done: ['z'],
      error: failed,
    },
    {
      name: 'that failed does its tasks again where another one wants the same',
      list: () => [block({ tasks: [breaks(), does('same')], rescue: [does('r')] }), does('same')],
      done: ['r', 'same'],
    },
    {
      name: 'with when: false is left out whole',
      list: () => [
        block({ when: false, tasks: [breaks()], rescue: [does('r')], always: [does('z')] }),
        does('behind'),
      ],
      done: ['behind'],
    },
    {
      name: 'with ignoreErrors goes on after each task that fails',
      list: () => [block({ ignoreErrors: true, tasks: [breaks(), does('a')] }), does('behind')],
      done: ['a', 'behind'],
    },
  ];

  it.each(CASES)('$name', async ({ list, done, error }) => {
    expect(await run(list())).toEqual({ done, error });
  });

  it('plans its rescue from what is there then', async () => {
    const conf = join(dir, 'conf');
    await run([
      block({
        tasks: [file(conf, { content: 'new' }), breaks()],
        rescue: [file(conf, { content: 'old', title: 'the old one' })],
      }),
    ]);
    expect(readFileSync(conf, 'utf8')).toBe('old');
    expect(sink.events.filter(({ event }) => event === 'task')).toMatchObject([
      { status: 'changed' },
      { task: 'breaks', status: 'failed', handled: 'rescued' },
      { task: 'the old one', status: 'changed', changes: [{ before: expect.stringMatching(/^sha256:/) }] },
    ]);
  });

  it('tells what was not carried out, and why', async () => {
    await run([
      block({ title: 'the move', tasks: [breaks('one'), does('b')], rescue: [does('r')] }),
      does('z'),
    ]);
    await run([block({ title: 'the move', tasks: [does('a')], rescue: [does('r2')] })]);
    const skipped = sink.events.flatMap((event) =>
      event.event === 'task' && event.status === 'skipped' ? [[event.task, event.reason]] : [],
    );
    expect(skipped).toEqual([
      ['b', 'left out: a task before it has failed'],
      ['r2', 'only if the move fails'],
    ]);
  });

  it('is told with its name where a part of it is not a list', () => {
    expect(() => block({ title: 'the move', tasks: [], rescue: does('a') as never })).toThrow(
      '"the move": rescue is the task "a", a list of tasks was wanted',
    );
  });
});

/** Never run: the compiler holds that each line is red in the editor. */
export function wrong(): TaskList {
  const one = command('x', { run: sh`:`, creates: '/x' });
  return [
    // @ts-expect-error a misspelt part
    block({ tasks: [one], resuce: [one] }),
    // @ts-expect-error a block needs tasks
    block({ rescue: [one] }),
    // @ts-expect-error a word of single tasks
    block({ tasks: [one], retries: 3 }),
    // @ts-expect-error a list, not a task
    block({ tasks: one }),
  ];
}
