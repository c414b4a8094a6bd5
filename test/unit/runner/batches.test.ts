import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { wholePlaybook } from '../../../lib/cli/playbook.ts';
import { block, type TaskList } from '../../../lib/dsl/block.ts';
import { inSeries } from '../../../lib/dsl/in-series.ts';
import { type PlainPlay, plainPlay, play } from '../../../lib/dsl/plain-play.ts';
import type { Strategy } from '../../../lib/dsl/play.ts';
import { role } from '../../../lib/dsl/role.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { Slot } from '../../../lib/dsl/world/things.ts';
import { command } from '../../../lib/resources/command.ts';
import { file } from '../../../lib/resources/file.ts';
import { line } from '../../../lib/resources/line.ts';
import { batchesOf, isTooMany } from '../../../lib/runner/batches.ts';
import { startRun } from '../../../lib/runner/run.ts';
import type { RunOptions } from '../../../lib/runner/session.ts';
import { recorder } from '../support/recorder.ts';
import { scratch } from '../support/scratch.ts';
import { shellHost } from '../support/shell-host.ts';

describe('serial, as Ansible has it', () => {
  it.each<[number, Parameters<typeof batchesOf>[1], readonly number[]]>([
    [5, undefined, [5]],
    [5, 0, [5]],
    [5, 2, [2, 2, 1]],
    [5, 9, [5]],
    [10, '30%', [3, 3, 3, 1]],
    [3, '10%', [1, 1, 1]],
    [10, [1, '30%', 4], [1, 3, 4, 2]],
    [10, [1, '100%'], [1, 9]],
    [0, 2, [0]],
  ])('%i hosts by %j', (hosts, serial, sizes) => {
    const all = Array.from({ length: hosts }, (_, i) => i);
    const batches = batchesOf(all, serial);
    expect(batches.map(({ length }) => length)).toEqual(sizes);
    expect(batches.flat()).toEqual(all);
  });

  it.each([
    [0, 10, undefined, false],
    [1, 10, undefined, true],
    [3, 10, 30, false],
    [4, 10, 30, true],
    [2, 2, 100, false],
  ])('%i of %i failed, %j percent may', (failed, batch, percent, tooMany) => {
    expect(isTooMany(failed, batch, percent)).toBe(tooMany);
  });

  it.each([
    [{ serial: -1 }, /serial is -1, a number of hosts was wanted/],
    [{ serial: 'all' as never }, /serial is "all", a number of hosts was wanted/],
    [{ serial: [1, 1.5] }, /serial is a list, a number of hosts was wanted/],
    [{ maxFailPercentage: 101 }, /maxFailPercentage is 101, a percentage was wanted/],
  ])('%j is told', (batches, message) => {
    const plays = [play({ hosts: 'all', roles: [], ...batches })];
    expect(() => wholePlaybook({ plays })).toThrow(message);
  });
});

describe('a run over several hosts', () => {
  let dir: string;
  let sink: ReturnType<typeof recorder>;
  const NAMES = ['a', 'b', 'c', 'd'];
  beforeEach(() => {
    dir = scratch();
    sink = recorder();
    for (const name of NAMES) mkdirSync(join(dir, name));
  });

  async function run(
    tasks: (name: string) => TaskList,
    options: Partial<PlainPlay> & {
      readonly check?: boolean;
      readonly forks?: number;
      readonly more?: PlainPlay;
      readonly review?: RunOptions['review'];
      readonly strategy?: Strategy;
    } = {},
  ) {
    const { check = false, forks = 5, more, review, strategy, ...batches } = options;
    const one = role({ name: 'role', description: '', tasks: ({ name }) => tasks(name) });
    const plays = [
      {
        ...plainPlay({ name: 'book', hosts: 'all', roles: [one], ...batches }),
        ...(strategy && { strategy }),
      },
      ...(more ? [plainPlay({ name: 'more', ...more })] : []),
    ];
    const code = await startRun(
      { name: 'book', description: '', plays },
      {
        inventoryFiles: [],
        select: () =>
          NAMES.map((name) => ({
            name,
            groups: [],
            vars: { ansible_connection: 'local', inventory_dir: dir },
            connect: async () => shellHost(['sh'], name),
          })),
        groups: new Map([['all', [...NAMES, 'lb']]]),
        reach: async (name) => ({
          name,
          groups: [],
          vars: { ansible_connection: 'local', inventory_dir: dir },
          connect: async () => shellHost(['sh'], name),
        }),
        limit: () => true,
        check,
        detailedExitcode: false,
        forks,
        roles: { includes: () => true, explicit: false },
        ...(review && { review }),
        sink,
      },
    ).done;
    const told = sink.events.flatMap((event) =>
      event.event === 'task' ? [`${event.host} ${event.task} ${event.status}`] : [],
    );
    const errors = sink.events.flatMap((event) => (event.event === 'error' ? [event.message] : []));
    return { code, told, errors };
  }

  const made = (name: string, title = 'made') =>
    command(title, { run: sh`: >${join(dir, name, title)}`, creates: join(dir, name, title) });
  const fails = (name: string, hosts: string) =>
    hosts.includes(name) ? [command('fails', { run: sh`exit 1`, creates: '/nowhere/x' })] : [];
  const done = (title = 'made') => NAMES.filter((name) => existsSync(join(dir, name, title))).join('');

  it('takes a batch whole before the next', async () => {
    const { code, told } = await run((name) => [made(name)], { serial: [1, 2] });
    expect(code).toBe(0);
    expect(told.map((line) => line[0]).join('')).toMatch(/^a(bc|cb)d$/);
    expect(sink.events.filter(({ event }) => event === 'play')).toMatchObject([
      { hosts: ['a'] },
      { hosts: ['b', 'c'] },
      { hosts: ['d'] },
    ]);
  });

  it('does not repeat on the next batch what broke one', async () => {
    const { code, errors } = await run((name) => [...fails(name, 'b'), made(name)], { serial: 2 });
    expect([code, done()]).toEqual([3, 'a']);
    expect(errors).toEqual([
      'b: fails: exit status 1',
      'stopped at b: no further host is touched; still to be changed: c, d',
    ]);
  });

  it('plans all batches in a check', async () => {
    const { code, told } = await run((name) => [made(name)], { serial: 1, check: true });
    expect([code, told]).toEqual([0, NAMES.map((name) => `${name} made changed`)]);
  });

  it('bears with as many failures as maxFailPercentage says, also for the next play', async () => {
    const more = {
      hosts: 'all',
      roles: [role({ name: 'more', description: '', tasks: ({ name }) => [made(name, 'more')] })],
    };
    const { code } = await run((name) => [...fails(name, 'b'), made(name)], {
      serial: 2,
      maxFailPercentage: 50,
      more,
    });
    expect([code, done(), done('more')]).toEqual([2, 'acd', 'acd']);
  });

  it('does not miss a host in a play that an earlier one has lost, and bore with', async () => {
    const missing: (readonly string[])[] = [];
    const more = { hosts: 'all', roles: [role({ name: 'more', description: '', tasks: () => [] })] };
    await run((name) => fails(name, 'b'), {
      maxFailPercentage: 50,
      more,
      review: async (batch) => void missing.push(batch.missing),
    });
    expect(missing).toEqual([[], []]);
  });

  it('begins no further host of a batch once more have failed than may', async () => {
    const { code, errors } = await run((name) => [...fails(name, 'ab'), made(name)], {
      maxFailPercentage: 25,
      forks: 1,
    });
    expect([code, done()]).toEqual([3, '']);
    expect(errors.at(-1)).toBe('stopped at a, b: no further host is touched; still to be changed: c, d');
  });

  it('tells a later play of a check what an earlier one will do', async () => {
    const conf = (name: string) => join(dir, name, 'conf');
    const first = (name: string) => [file(conf(name), { content: 'x' })];
    const more = {
      hosts: 'all',
      roles: [role({ name: 'more', description: '', tasks: ({ name }) => first(name) })],
    };
    const { told } = await run(first, { check: true, more });
    expect(told.filter((line) => line.startsWith('a'))).toEqual([
      expect.stringMatching(/changed$/),
      expect.stringMatching(/ok$/),
    ]);
  });

  it('keeps from a later play of a check what tasks say within their own', async () => {
    const said = new Slot({}, { ofPlay: true });
    const says = (name: string): Task => {
      const task = file(join(dir, name, 'conf'), { content: 'x' });
      const diff: Task['diff'] = (reading, world) => {
        if (world.slot(said, 'it').state) throw new Error('it was said before');
        world.slot(said, 'it').willBe({});
        return task.diff(reading, world);
      };
      return { ...task, diff };
    };
    const later = role({ name: 'later', description: '', tasks: ({ name }) => [says(name)] });
    const more = { hosts: 'all', roles: [later] };
    const { errors, told } = await run((name) => [says(name)], { check: true, more });
    expect(errors).toEqual([]);
    expect(told.filter((line) => line.startsWith('a'))).toHaveLength(2);
  });

  describe('runOnce', () => {
    const once = (options = {}) =>
      command('once', {
        run: sh`sleep 0.3; echo x >>${join(dir, 'once')}`,
        creates: join(dir, 'once'),
        runOnce: true,
        ...options,
      });
    const needs = (name: string) =>
      command('needs it', {
        run: sh`[ -e ${join(dir, 'once')} ] && : >${join(dir, name, 'made')}`,
        unless: sh`[ -e ${join(dir, name, 'made')} ]`,
        after: [],
      });

    it('is done by the first host, and the others wait for it', async () => {
      const { code, told, errors } = await run((name) => [once(), needs(name)]);
      expect([code, errors, done()]).toEqual([0, [], 'abcd']);
      expect(told.filter((line) => / once /.test(line)).sort()).toEqual([
        'a once changed',
        'b once skipped',
        'c once skipped',
        'd once skipped',
      ]);
      expect(sink.events).toContainEqual(
        expect.objectContaining({ host: 'b', status: 'skipped', reason: 'runOnce: a does it' }),
      );
    });

    it('is done by the first host of each batch', async () => {
      const { told } = await run(() => [once()], { serial: 2 });
      expect(told.filter((line) => line.startsWith('c'))).toEqual(['c once ok']);
    });

    it('has the others plan anew from what is there after it', async () => {
      const { told } = await run((name) => [
        once(),
        command('not needed any more', {
          run: sh`exit 1`,
          unless: sh`[ -e ${join(dir, 'once')} ]`,
          after: [],
        }),
        ...(name === 'a' ? [] : [made(name)]),
      ]);
      expect(told).toContain('b not needed any more ok');
    });

    it.each<[string, (name: string) => TaskList]>([
      ['leaves it out with when', (name) => [once({ when: name !== 'a' })]],
      ['has no such task', (name) => (name === 'a' ? [] : [once()])],
    ])('is done by the next host where the first %s', async (_, list) => {
      const { code, told } = await run((name) => [...list(name), ...(name === 'a' ? [] : [needs(name)])]);
      expect([code, done()]).toEqual([0, 'bcd']);
      expect(told).toContain('b once changed');
      expect(readFileSync(join(dir, 'once'), 'utf8')).toBe('x\n');
    });

    it('falls to the next host where the first comes past it', async () => {
      const { code, errors, told } = await run((name) => [
        block({ tasks: [...fails(name, 'a'), once(), needs(name)], rescue: [made(name, 'rescued')] }),
      ]);
      expect([code, errors, done(), done('rescued')]).toEqual([0, [], 'bcd', 'a']);
      expect(told).toContain('b once changed');
    });

    it.each<[string, (name: string) => TaskList]>([
      ['nothing', () => []],
      ['what was due before it', (name) => [made(name)]],
    ])('falls to the next host also where that has %s to do', async (_, before) => {
      const { code, errors, told } = await run((name) => [
        block({ tasks: [...before(name), ...fails(name, 'a'), once()], rescue: [made(name, 'rescued')] }),
      ]);
      expect([code, errors, done('rescued')]).toEqual([0, [], 'a']);
      expect(told.filter((line) => line.endsWith('once changed'))).toEqual(['b once changed']);
      expect(readFileSync(join(dir, 'once'), 'utf8')).toBe('x\n');
    });

    it('is done under the lock of the host that it falls to', async () => {
      const lock = join(dir, '.quorate', 'book', 'b', 'lock');
      const { errors, told } = await run((name) => [
        block({
          tasks: [...fails(name, 'a'), once({ run: sh`[ -L ${lock} ] && : >${join(dir, 'once')}` })],
          rescue: [made(name, 'rescued')],
        }),
      ]);
      expect([errors, lstatSync(lock, { throwIfNoEntry: false })]).toEqual([[], undefined]);
      expect(told).toContain('b once changed');
    });

    it('that nobody has done ends the run with 2, where hosts have turns', async () => {
      const strategy: Strategy = {
        converge: (run) =>
          inSeries(run, run.hosts.toReversed(), { turn: { apply: (host) => host.apply(() => true) } }),
      };
      const list = (name: string) => [
        block({ tasks: [...fails(name, 'a'), once()], rescue: [made(name, 'rescued')] }),
      ];
      const { code, errors } = await run(list, { strategy });
      expect([code, done('rescued'), existsSync(join(dir, 'once'))]).toEqual([2, 'a', false]);
      expect(errors).toEqual(['b: "once" was done by no host (planned as runOnce: a does it)']);
    });

    it('in a rescue is done by the host that is rescued', async () => {
      const { code, told } = await run((name) => [block({ tasks: fails(name, 'b'), rescue: [once()] })]);
      expect([code, told.filter((line) => line.endsWith('once changed'))]).toEqual([0, ['b once changed']]);
    });

    it('that fails has each host rescued', async () => {
      const list = (name: string) => [
        block({ tasks: [once({ run: sh`exit 1` }), made(name)], rescue: [made(name, 'rescued')] }),
      ];
      const { code } = await run(list);
      expect([code, done(), done('rescued')]).toEqual([0, '', 'abcd']);
    });

    it('that fails has each host do what is to be done always', async () => {
      const { code } = await run((name) => [
        block({ tasks: [once({ run: sh`exit 1` })], always: [made(name)] }),
      ]);
      expect([code, done()]).toEqual([2, 'abcd']);
    });

    it('that fails ends the others, too', async () => {
      const { code, errors } = await run((name) => [once({ run: sh`exit 1` }), made(name)]);
      expect([code, done()]).toEqual([2, '']);
      expect([...errors].sort()).toEqual([
        'a: once: exit status 1',
        'b: a, which does "once" for all, has failed',
        'c: a, which does "once" for all, has failed',
        'd: a, which does "once" for all, has failed',
      ]);
    });

    it('is waited for with one fork, too', async () => {
      expect((await run((name) => [once(), needs(name)], { forks: 1 })).code).toBe(0);
    });

    it('that has nothing to do is not waited for', async () => {
      writeFileSync(join(dir, 'once'), '');
      expect((await run((name) => [once(), needs(name)])).code).toBe(0);
    });
  });

  describe('delegateTo', () => {
    const onLb = (name: string, options = {}) =>
      line(join(dir, 'lb', 'pool'), {
        line: `server ${name}`,
        create: true,
        title: 'in the pool',
        delegateTo: 'lb',
        ...options,
      });

    it('is planned, done and told on the host that acts, for the one that asked', async () => {
      mkdirSync(join(dir, 'lb'));
      const check = await run((name) => [onLb(name)], { check: true });
      expect(check.told).toEqual(NAMES.map(() => 'lb in the pool changed'));
      const { code, told, errors } = await run((name) => [made(name), onLb(name)]);
      expect([code, errors]).toEqual([0, []]);
      expect(told.filter((one) => one.startsWith('lb')).length).toBe(8);
      expect(sink.events).toContainEqual(
        expect.objectContaining({ host: 'lb', for: 'c', status: 'changed' }),
      );
      expect(readFileSync(join(dir, 'lb/pool'), 'utf8').trim().split('\n').sort()).toEqual(
        NAMES.map((name) => `server ${name}`),
      );
      sink.events.length = 0;
      expect((await run((name) => [onLb(name)])).told).toEqual(NAMES.map(() => 'lb in the pool ok'));
    });

    it('takes turns with what the host that acts has to do itself', async () => {
      const pool = join(dir, 'b', 'pool');
      const lines = (name: string) => ['1', '2', '3'].map((nr) => `server ${name}${nr}`);
      const { code, errors } = await run((name) =>
        lines(name).map((text) => line(pool, { line: text, create: true, delegateTo: 'b' })),
      );
      expect([code, errors]).toEqual([0, []]);
      expect(readFileSync(pool, 'utf8').trim().split('\n').sort()).toEqual(NAMES.flatMap(lines));
    });

    it('keeps its records, and takes its lock, on the host that acts', async () => {
      mkdirSync(join(dir, 'lb'));
      await run((name) => [onLb(name)]);
      expect(existsSync(join(dir, '.quorate/book/lb/owner'))).toBe(true);
      expect(existsSync(join(dir, '.quorate/book/a'))).toBe(false);
    });

    it('that fails ends the host that asked', async () => {
      const { code, errors } = await run((name) => [
        ...(name === 'a'
          ? [command('drained', { run: sh`exit 7`, creates: '/nowhere/x', delegateTo: 'lb' })]
          : []),
        made(name),
      ]);
      expect([code, done(), errors]).toEqual([2, 'bcd', ['lb: drained: exit status 7']]);
    });

    it('to the host itself is nothing special', async () => {
      const { told } = await run((name) => [
        command('made', {
          run: sh`: >${join(dir, name, 'made')}`,
          creates: join(dir, name, 'made'),
          delegateTo: name,
        }),
      ]);
      expect(told.sort()).toEqual(NAMES.map((name) => `${name} made changed`));
    });

    it('goes with runOnce: one asks', async () => {
      mkdirSync(join(dir, 'lb'));
      const { told } = await run(() => [onLb('all', { runOnce: true })]);
      expect(told.filter((one) => one.startsWith('lb'))).toEqual(['lb in the pool changed']);
    });

    const conf = (content: string, delegateTo?: string) =>
      file(join(dir, 'lb', 'conf'), {
        content,
        title: 'configured',
        ...(delegateTo !== undefined && { delegateTo }),
      });
    const differ = (who: string) =>
      `${who} want different things of file:${join(dir, 'lb', 'conf')}`.replaceAll(
        'CONF',
        '"configured" of role role',
      );

    it('of several hosts to one is refused before any contact where they want different things of it', async () => {
      const { code, errors, told } = await run((name) => [conf(name, 'lb')]);
      expect([code, errors[0], told]).toEqual([1, `lb: ${differ('CONF for a and CONF for b')}`, []]);
    });

    it('to a host that wants something different itself is refused', async () => {
      const { code, errors } = await run((name) =>
        'bc'.includes(name) ? [conf(name, name === 'b' ? 'c' : undefined)] : [],
      );
      expect([code, errors]).toEqual([1, [`c: ${differ('CONF for b and CONF')}`]]);
    });

    it('of several hosts to one is not a contradiction where one of them asks, or the names of commands are alike', async () => {
      mkdirSync(join(dir, 'lb'));
      const { code, errors } = await run((name) => [
        file(join(dir, 'lb', 'conf'), { content: name, delegateTo: 'lb', runOnce: true }),
        command('drained', {
          run: sh`: >${join(dir, 'lb', name)}`,
          creates: join(dir, 'lb', name),
          delegateTo: 'lb',
        }),
      ]);
      expect([code, errors]).toEqual([0, []]);
    });

    it.each(['x', 'y'])(
      'is a task of its own beside one for the same thing of the host: %s',
      async (content) => {
        mkdirSync(join(dir, 'lb'));
        const { told, errors } = await run((name) => (name === 'a' ? [conf('x'), conf(content, 'lb')] : []), {
          check: true,
        });
        expect([errors, told]).toEqual([[], ['a configured changed', 'lb configured changed']]);
      },
    );

    it('to a host that the inventory does not have is told before any contact', async () => {
      const { code, errors } = await run((name) => [onLb(name, { delegateTo: 'ib' })]);
      expect([code, errors[0]]).toEqual([
        1,
        'a: role role: "in the pool" is delegated to ib, which is not in the inventory',
      ]);
    });
  });
});

/** Never run: the compiler holds that each line is red in the editor. */
export function wrong(): readonly PlainPlay[] {
  return [
    // @ts-expect-error a part is a percentage
    play({ hosts: 'all', roles: [], serial: '3' }),
    // @ts-expect-error a misspelt word
    play({ hosts: 'all', roles: [], maxFailPercent: 10 }),
  ];
}
