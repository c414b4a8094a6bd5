import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TaskList } from '../../../../lib/dsl/block.ts';
import { block } from '../../../../lib/dsl/block.ts';
import { Ledger } from '../../../../lib/dsl/ledger/ledger.ts';
import { lineOf } from '../../../../lib/dsl/ledger/made.ts';
import { plainPlay } from '../../../../lib/dsl/plain-play.ts';
import type { Play } from '../../../../lib/dsl/play.ts';
import { role } from '../../../../lib/dsl/role.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../../lib/dsl/task.ts';
import { absent } from '../../../../lib/resources/absent.ts';
import { command } from '../../../../lib/resources/command.ts';
import { directory } from '../../../../lib/resources/directory.ts';
import { file } from '../../../../lib/resources/file.ts';
import { hostsEntry } from '../../../../lib/resources/hosts-entry.ts';
import { takeAway } from '../../../../lib/resources/left-over/index.ts';
import { line } from '../../../../lib/resources/line.ts';
import { link } from '../../../../lib/resources/link.ts';
import { textBlock } from '../../../../lib/resources/text-block.ts';
import type { RunEvent } from '../../../../lib/runner/events.ts';
import { LeftOvers } from '../../../../lib/runner/plan/left-over.ts';
import { startRun } from '../../../../lib/runner/run.ts';
import { recorder } from '../../support/recorder.ts';
import { WHOLE_RUN } from '../../support/run-options.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';
import { SHELLS } from '../../support/shells.ts';

interface Given {
  readonly check?: boolean;
  readonly prune?: boolean;
  readonly playbook?: string;
  readonly id?: string;
  /** Name of the project, and what it was called before; null: it has none. */
  readonly project?: string | null;
  readonly formerly?: string;
  /** Sources of the inventory, and all that are there. */
  readonly inventory?: readonly string[];
  readonly known?: readonly string[];
  /** Roles that take part; all unless said. */
  readonly only?: string;
}

it('what another host is to make now is left over where it was made before', async () => {
  const place = { root: '/r', dir: '/r/site', maker: { by: 'shop site', isOurs: () => true } };
  const play = { ...plainPlay({ name: 'site', hosts: 'all', roles: [] }), ledger: () => place } as Play;
  const made = lineOf({ kind: 'file', name: '/x', role: 'web', digests: [], by: 'shop site' });
  const found: string[] = [];
  const leftOvers = new LeftOvers({
    plays: [play],
    select: () => [{ name: 'web', groups: [], vars: {} }],
    includes: () => true,
    inventory: [],
    prune: true,
    takeAway: async () => (left) => {
      found.push(...left.map(({ name }) => name));
      return [];
    },
  });
  const wants = async (words: object) => {
    const task = file('/x', { content: '', ...words });
    await leftOvers.tasksFor(play, 'web', new Ledger(place, `of /r/site\n${made}`), [{ role: 'web', task }]);
    return found.splice(0);
  };
  expect(await wants({ delegateTo: 'lb' })).toEqual(['/x']);
  expect(await wants({ delegateTo: 'web' })).toEqual([]);
});

describe.each(SHELLS)('what no role declares any more, under %s', (name, ...shell) => {
  let dir: string;
  beforeEach(() => {
    dir = join(scratch(), 'host');
    mkdirSync(dir);
  });
  const at = (name: string) => join(dir, name);

  /** Each argument is a play: what its roles want, by name. */
  async function run(plays: readonly Readonly<Record<string, TaskList>>[], given: Given = {}) {
    const { check = false, prune = false, playbook = 'site', only, id, project = 'shop', formerly } = given;
    const { inventory = [], known = [] } = given;
    const sink = recorder();
    const vars = { ansible_connection: 'local', inventory_dir: dir };
    const host = { name: 'here', groups: ['all'], vars, connect: async () => shellHost(shell) };
    const all: Play[] = plays.map((roles, i) =>
      plainPlay(
        {
          name: i === 0 ? playbook : `${playbook}-${i + 1}`,
          hosts: 'all',
          ...(id !== undefined && { id }),
          roles: Object.entries(roles).map(([name, tasks]) =>
            role({ name, description: name, tasks: () => tasks }),
          ),
        },
        playbook,
        project === null
          ? {}
          : {
              maker: {
                by: `${project} ${playbook}`,
                isOurs: (by) => by === `${project} ${playbook}` || by.split(' ')[0] === formerly,
                isOfProject: (by) => by.split(' ')[0] === project,
                on: (names) => ({
                  names,
                  has: (some) => some.every((one) => names.includes(one)),
                  isThere: (some) => some.some((one) => !names.includes(one) && known.includes(one)),
                }),
              },
            },
      ),
    ) as Play[];
    const code = await startRun(
      { name: playbook, description: playbook, plays: all },
      {
        ...WHOLE_RUN,
        inventoryFiles: inventory,
        select: () => [host],
        check,
        detailedExitcode: check,
        roles: { includes: (name) => only === undefined || name === only, explicit: only !== undefined },
        prune,
        takeAway: async () => takeAway,
        sink,
      },
    ).done;
    const of = <Name extends RunEvent['event']>(name: Name) =>
      sink.events.filter((one): one is Extract<RunEvent, { event: Name }> => one.event === name);
    return {
      code,
      errors: of('error').map(({ message }) => message),
      changed: of('task').flatMap(({ status, task }) =>
        status === 'changed' ? [task.replace(dir, '')] : [],
      ),
      skipped: of('task')
        .filter(({ status }) => status === 'skipped')
        .map(({ task }) => task.replace(dir, '')),
      left: of('left-over').map(
        ({ role, kind, name, from, stays }) =>
          `${role}: ${kind} ${name.replace(dir, '')}${from === undefined ? '' : ` from ${from}`}${stays === undefined ? '' : `: ${stays.replace(dir, '')}`}`,
      ),
      roundTrips: of('recap')[0]?.hosts.here?.roundTrips,
      told: of('log').map(({ message }) => message),
      leftOver: of('recap')[0]?.hosts.here?.leftOver,
    };
  }

  const motd = () => file(at('motd'), { content: 'hello\n' });

  it('is not what a person made of tasks that were never begun after one that failed', async () => {
    const fails = command('fail', { run: sh`false`, creates: at('never') });
    const made = [directory(at('first')), fails, directory(at('d')), file(at('d/f'), { content: 'a' })];
    expect((await run([{ web: [...made, link(at('l'), { to: 'd/f' })] }])).code).toBe(2);
    expect([existsSync(at('first')), existsSync(at('d'))]).toEqual([true, false]);
    mkdirSync(at('d'));
    writeFileSync(at('d/f'), 'a');
    symlinkSync('d/f', at('l'));
    expect((await run([{ web: [] }], { prune: true })).code).toBe(0);
    expect([existsSync(at('first')), existsSync(at('l')), readFileSync(at('d/f'), 'utf8')]).toEqual([
      false,
      true,
      'a',
    ]);
  });

  it('is on record where it is made after a block of which something has failed', async () => {
    const fails = command('fail', { run: sh`false`, creates: at('never') });
    const always = block({ tasks: [fails], always: [file(at('made'), { content: 'a' })] });
    expect((await run([{ web: [always] }])).code).toBe(2);
    expect(existsSync(at('made'))).toBe(true);
    expect((await run([{ web: [] }], { check: true })).left).toEqual(['web: file /made']);
  });

  it('is named in a check, taken away by --prune, and then forgotten', async () => {
    const tasks = [
      directory(at('www/site')),
      file(at('www/site/index'), { content: 'page\n' }),
      link(at('www/now'), { to: 'site' }),
      motd(),
    ];
    expect(await run([{ web: tasks }])).toMatchObject({ code: 0, left: [] });
    expect(await run([{ web: tasks }], { check: true })).toMatchObject({ code: 0, left: [], roundTrips: 2 });
    const check = await run([{ web: [] }], { check: true });
    expect(check).toMatchObject({ code: 0, changed: [], leftOver: 5, roundTrips: 2 });
    expect(check.left).toEqual([
      'web: file /motd',
      'web: file /www/site/index',
      'web: link /www/now',
      'web: directory /www/site',
      'web: directory /www',
    ]);
    const planned = await run([{ web: [] }], { check: true, prune: true });
    expect(planned).toMatchObject({ code: 8, left: [] });
    expect(planned.changed[0]).toBe('/motd is gone: web declares it no more');
    const pruned = await run([{ web: [] }], { prune: true });
    expect(pruned).toMatchObject({ code: 0, errors: [], changed: planned.changed });
    expect([existsSync(at('www')), existsSync(at('motd'))]).toEqual([false, false]);
    expect(await run([{ web: [] }], { check: true })).toMatchObject({
      code: 0,
      left: [],
      leftOver: undefined,
    });
  });

  it('is still known where a run names it and takes nothing away', async () => {
    await run([{ web: [motd()] }]);
    const named = ['web: file /motd'];
    expect(await run([{ web: [] }])).toMatchObject({ code: 0, left: named, roundTrips: 2 });
    expect((await run([{ web: [] }], { check: true })).left).toEqual(named);
  });

  it('is nothing that a run which failed has left out, unless it was to be taken away', async () => {
    await run([{ web: [motd()] }]);
    const fails = command('fail', { run: sh`false`, creates: at('never') });
    expect(await run([{ web: [fails] }])).toMatchObject({ code: 2, skipped: [], left: ['web: file /motd'] });
    const pruning = await run([{ web: [fails] }], { prune: true });
    expect(pruning.skipped).toEqual(['/motd is gone: web declares it no more']);
  });

  interface Case {
    /** What is on the host before. */
    before?: () => void;
    made: () => Task[];
    /** What somebody does after the first run. */
    meanwhile?: () => void;
    /** What is declared then. */
    now?: () => Task[];
    left: readonly string[];
    /** What is there in the end, with --prune. */
    end: () => unknown;
    ends: unknown;
  }
  /** The same by two ways, of which one is by a link. */
  const by = (way: string) => [
    directory(at(`${way}/d`)),
    file(at(`${way}/d/x`), { content: 'x' }),
    link(at(`${way}/to`), { to: 'd' }),
    line(at(`${way}/conf`), { line: 'a', create: true }),
  ];
  const twoWays = (made: string, now: string): Case => ({
    before() {
      mkdirSync(at('real'));
      symlinkSync('real', at('l'));
    },
    made: () => by(made),
    now: () => by(now),
    left: [],
    end: () => [...readdirSync(at('real')), readFileSync(at('l/conf'), 'utf8')],
    ends: ['conf', 'd', 'to', 'a\n'],
  });
  const CASES: Readonly<Record<string, Case>> = {
    'what is declared by where a link leads is not left over by way of it': twoWays('l', 'real'),
    'what is declared by way of a link is not left over by where that leads': twoWays('real', 'l'),
    'what is made by way of a link, and declared no more, goes': {
      ...twoWays('l', 'real'),
      now: () => [],
      left: [
        'web: lines /l/conf',
        'web: file /l/d/x',
        'web: link /l/to',
        'web: text /l/conf',
        'web: directory /l/d',
      ],
      end: () => readdirSync(at('real')),
      ends: [],
    },
    'a file that a person has changed is only named': {
      made: () => [motd()],
      meanwhile: () => writeFileSync(at('motd'), 'mine\n'),
      left: ['web: file /motd: it has changed since it was made'],
      end: () => readFileSync(at('motd'), 'utf8'),
      ends: 'mine\n',
    },
    'a file that a person has taken away is forgotten': {
      made: () => [motd()],
      meanwhile: () => unlinkSync(at('motd')),
      left: [],
      end: () => existsSync(at('motd')),
      ends: false,
    },
    'a file that was there, and as it is wanted, is not ours': {
      before: () => writeFileSync(at('motd'), 'hello\n', { mode: 0o644 }),
      made: () => [motd()],
      left: [],
      end: () => existsSync(at('motd')),
      ends: true,
    },
    'a file that was there with another content stays': {
      before: () => writeFileSync(at('motd'), 'theirs\n'),
      made: () => [motd()],
      left: ['web: file /motd: it was there before, with another content'],
      end: () => readFileSync(at('motd'), 'utf8'),
      ends: 'hello\n',
    },
    'a file that was there, and that a person has put back, is none of our business': {
      before: () => writeFileSync(at('motd'), 'theirs\n'),
      made: () => [motd()],
      meanwhile: () => writeFileSync(at('motd'), 'theirs\n'),
      left: [],
      end: () => existsSync(at('motd')),
      ends: true,
    },
    'a link in place of our file is only named': {
      made: () => [motd()],
      meanwhile: () => {
        unlinkSync(at('motd'));
        symlinkSync('elsewhere', at('motd'));
      },
      left: ['web: file /motd: it is a link now'],
      end: () => true,
      ends: true,
    },
    'a link that a person has led elsewhere is only named': {
      made: () => [link(at('now'), { to: 'one' })],
      meanwhile: () => {
        unlinkSync(at('now'));
        symlinkSync('two', at('now'));
      },
      left: ['web: link /now: it has changed since it was made'],
      end: () => true,
      ends: true,
    },
    'a directory with something in it stays': {
      made: () => [directory(at('www'))],
      meanwhile: () => writeFileSync(at('www/data'), ''),
      left: ['web: directory /www: it has data in it'],
      end: () => existsSync(at('www/data')),
      ends: true,
    },
    'a directory that was there is not ours, nor is one that only got another mode': {
      before: () => mkdirSync(at('www'), { mode: 0o700 }),
      made: () => [directory(at('www'))],
      left: [],
      end: () => existsSync(at('www')),
      ends: true,
    },
    'a directory above what is declared is not left over': {
      made: () => [directory(at('www/site'))],
      now: () => [file(at('www/site/index'), { content: '' })],
      left: [],
      end: () => existsSync(at('www/site/index')),
      ends: true,
    },
    'what is declared by another kind of task is not left over': {
      before: () => writeFileSync(at('conf'), 'one\n'),
      made: () => [motd(), line(at('conf'), { line: 'two' })],
      now: () =>
        [
          absent(at('motd')),
          line(at('motd'), { line: 'hello', create: true }),
          file(at('conf'), { content: 'one\ntwo\n' }),
        ].slice(1),
      left: [],
      end: () => readFileSync(at('motd'), 'utf8'),
      ends: 'hello\n',
    },
    'lines go, and all else in the file stays': {
      before: () => writeFileSync(at('conf'), 'one\nlast\n'),
      made: () => [
        line(at('conf'), { line: 'two', insertAfter: /^one/ }),
        textBlock(at('conf'), { name: 'ours', content: 'a\nb' }),
        hostsEntry('db.internal', { address: '10.0.0.7', file: at('hosts') }),
      ],
      meanwhile: () => writeFileSync(at('conf'), `${readFileSync(at('conf'), 'utf8')}theirs\n`),
      left: ['web: lines /hosts', 'web: lines /conf', 'web: lines /conf', 'web: text /hosts'],
      end: () => [readFileSync(at('conf'), 'utf8'), existsSync(at('hosts'))],
      ends: ['one\nlast\ntheirs\n', false],
    },
    'a block that a person has changed is only named': {
      before: () => writeFileSync(at('conf'), 'one\n'),
      made: () => [textBlock(at('conf'), { name: 'ours', content: 'a\nb' })],
      meanwhile: () => writeFileSync(at('conf'), readFileSync(at('conf'), 'utf8').replace('a', 'c')),
      left: ['web: lines /conf: it has changed since it was made'],
      end: () => readFileSync(at('conf'), 'utf8'),
      ends: 'one\n# BEGIN ours\nc\nb\n# END ours\n',
    },
    'a line that took the place of another is only named': {
      before: () => writeFileSync(at('conf'), 'Port 22\n'),
      made: () => [line(at('conf'), { line: 'Port 2222', match: /^Port / })],
      left: ['web: lines /conf: it was there before, with another content'],
      end: () => readFileSync(at('conf'), 'utf8'),
      ends: 'Port 2222\n',
    },
    'a line that is there twice is only named': {
      before: () => writeFileSync(at('conf'), 'one\n'),
      made: () => [line(at('conf'), { line: 'two' })],
      meanwhile: () => writeFileSync(at('conf'), 'two\none\ntwo\n'),
      left: [`web: lines /conf: /conf has it 2 times`],
      end: () => readFileSync(at('conf'), 'utf8'),
      ends: 'two\none\ntwo\n',
    },
    'a file that edits made stays where somebody else writes to it': {
      made: () => [line(at('conf'), { line: 'two', create: true })],
      meanwhile: () => writeFileSync(at('conf'), 'two\ntheirs\n'),
      left: ['web: lines /conf'],
      end: () => readFileSync(at('conf'), 'utf8'),
      ends: 'theirs\n',
    },
    'what an edit finds only when its turn comes is known, too': {
      made: () => [
        command('conf comes', { run: sh`printf 'one\n' >${at('conf')}`, creates: at('conf') }),
        line(at('conf'), { line: 'two', after: [] }),
      ],
      now: () => [command('conf comes', { run: sh`:`, creates: at('conf') })],
      left: ['web: lines /conf'],
      end: () => readFileSync(at('conf'), 'utf8'),
      ends: 'one\n',
    },
  };
  // What is decided here needs one shell only.
  const shown = Object.entries(CASES).filter(([title]) => name === 'dash' || title.startsWith('lines'));
  it.each(shown)('%s', async (_, { before, made, meanwhile, now, left, end, ends }) => {
    before?.();
    const first = await run([{ web: made() }]);
    expect([first.code, first.errors]).toEqual([0, []]);
    meanwhile?.();
    const check = await run([{ web: now?.() ?? [] }], { check: true });
    expect([check.left, check.errors]).toEqual([left, []]);
    const pruned = await run([{ web: now?.() ?? [] }], { prune: true });
    expect([pruned.code, pruned.errors]).toEqual([0, []]);
    const staying = left.filter((one) => /: (it|\/conf) /.test(one));
    expect(pruned.left).toEqual(staying);
    expect(end()).toEqual(ends);
    expect(await run([{ web: now?.() ?? [] }], { check: true })).toMatchObject({
      changed: [],
      left: staying,
    });
  });

  it('is not what moved to another role or play, nor what a part of the roles leaves out', async () => {
    await run([{ web: [motd()], db: [] }]);
    expect((await run([{ web: [], db: [motd()] }], { check: true })).left).toEqual([]);
    expect((await run([{ web: [] }, { db: [motd()] }], { check: true })).left).toEqual([]);
    expect((await run([{ db: [motd()] }, { web: [] }], { check: true })).left).toEqual([]);
    expect((await run([{ web: [], db: [] }], { check: true, only: 'db' })).left).toEqual([]);
    expect((await run([{ other: [] }], { check: true })).left).toEqual(['web: file /motd']);
  });

  it('is not what another playbook made, nor what it needs as well', async () => {
    await run([{ web: [motd(), file(at('one'), { content: '1' })] }]);
    expect((await run([{ db: [] }], { playbook: 'db', check: true })).left).toEqual([]);
    const adopted = await run([{ db: [motd()] }], { playbook: 'db' });
    expect(adopted).toMatchObject({ changed: [], roundTrips: 3 });
    expect((await run([{ db: [motd()] }], { playbook: 'db' })).roundTrips).toBe(2);
    expect(await run([{ web: [] }], { prune: true })).toMatchObject({ code: 0, left: [] });
    expect([existsSync(at('one')), existsSync(at('motd'))]).toEqual([false, true]);
    expect((await run([{ web: [] }], { check: true })).left).toEqual([]);
    expect((await run([{ db: [] }], { playbook: 'db', check: true })).left).toEqual(['db: file /motd']);
  });

  it('is never what another project made, whose playbook has the same name', async () => {
    await run([{ web: [motd(), file(at('one'), { content: '1' })] }], { project: 'platform' });
    const told = ['left alone: what the playbook site of project platform has made on here'];
    const mine = { web: [file(at('two'), { content: '2' })] };
    const two = '/two has its content, mode and owner';
    const check = await run([mine], { check: true, prune: true });
    expect(check).toMatchObject({ changed: [two], left: [], told });
    expect(await run([mine], { prune: true })).toMatchObject({ code: 0, changed: [two], left: [] });
    expect(await run([{ web: [] }], { prune: true })).toMatchObject({ code: 0, left: [], told });
    expect(['motd', 'one', 'two'].map((name) => existsSync(at(name)))).toEqual([true, true, false]);
    expect(await run([{ web: [motd()] }], { project: 'platform', check: true })).toMatchObject({
      left: ['web: file /one'],
      told: [],
    });
  });

  describe.runIf(name === SHELLS[0]?.[0])('made from another inventory of the project', () => {
    const known = ['staging', 'prod', 'more'];
    const staging = { inventory: ['staging'], known };
    const prod = { inventory: ['prod'], known };
    const one = () => file(at('one'), { content: '1' });
    const told = ['left alone: what the playbook site of project shop has made from staging on here'];

    it('is left alone, and said', async () => {
      await run([{ web: [motd(), one()] }], staging);
      expect(await run([{ web: [] }], { ...prod, prune: true })).toMatchObject({ code: 0, left: [], told });
      expect([existsSync(at('motd')), existsSync(at('one'))]).toEqual([true, true]);
      expect(await run([{ web: [one()] }], { ...staging, prune: true })).toMatchObject({ told: [] });
      expect([existsSync(at('motd')), existsSync(at('one'))]).toEqual([false, true]);
    });

    it('stays for that one, where it is declared from both', async () => {
      await run([{ web: [motd()] }], staging);
      expect(await run([{ web: [motd()] }], prod)).toMatchObject({ roundTrips: 3, told: [] });
      for (const way of [prod, staging])
        expect(await run([{ web: [motd()] }], way)).toMatchObject({ roundTrips: 2, told: [] });
      await run([{ web: [] }], { ...staging, prune: true });
      expect(existsSync(at('motd'))).toBe(true);
      await run([{ web: [] }], { ...prod, prune: true });
      expect(existsSync(at('motd'))).toBe(false);
    });

    it('is ours where a run reads that one, and more; not the other way round', async () => {
      await run([{ web: [motd()] }], staging);
      const more = { inventory: ['staging', 'more'], known };
      expect(await run([{ web: [motd()] }], more)).toMatchObject({ roundTrips: 2 });
      expect((await run([{ web: [] }], more)).left).toEqual(['web: file /motd']);
      await run([{ web: [motd(), one()] }], more);
      expect(await run([{ web: [] }], staging)).toMatchObject({
        left: ['web: file /motd'],
        told: ['left alone: what the playbook site of project shop has made from staging and more on here'],
      });
    });

    it('goes with a word about it where that one is not there: it was moved', async () => {
      await run([{ web: [motd()] }], staging);
      const moved = { inventory: ['prod'], known: ['prod'] };
      expect(await run([{ web: [motd()] }], moved)).toMatchObject({ roundTrips: 2 });
      expect((await run([{ web: [] }], { ...moved, check: true })).left).toEqual([
        'web: file /motd from staging',
      ]);
      expect((await run([{ web: [] }], { ...moved, prune: true })).changed).toEqual([
        '/motd is gone: web declares it no more; it is from staging, which is not here',
      ]);
    });

    it('gets a name with the first run that finds it declared', async () => {
      await run([{ web: [motd()] }]);
      expect(await run([{ web: [motd()] }], staging)).toMatchObject({ roundTrips: 3 });
      expect(await run([{ web: [] }], { ...prod, check: true })).toMatchObject({ left: [], told });
    });
  });

  it('stays for another project that has made it, or wants it, as well', async () => {
    await run([{ web: [motd()] }], { project: 'platform' });
    await run([{ web: [motd()] }]);
    expect(await run([{ web: [] }], { project: 'platform', prune: true })).toMatchObject({ left: [] });
    expect(existsSync(at('motd'))).toBe(true);
    expect((await run([{ web: [] }], { check: true })).left).toEqual(['web: file /motd']);
  });

  it('stays where records of an earlier release do not say which project made it', async () => {
    await run([{ web: [motd(), file(at('one'), { content: '1' })] }], { project: null });
    const why = ': it is not on record which project made it';
    const left = [`web: file /one${why}`, `web: file /motd${why}`];
    for (const project of ['shop', null])
      expect(await run([{ web: [] }], { prune: true, project })).toMatchObject({
        code: 0,
        changed: [],
        left,
      });
    // What is declared is ours from then on.
    expect(await run([{ web: [motd()] }])).toMatchObject({ roundTrips: 3, left: [`web: file /one${why}`] });
    expect((await run([{ web: [motd()] }])).roundTrips).toBe(2);
    expect((await run([{ web: [] }], { prune: true })).left).toEqual([`web: file /one${why}`]);
    expect([existsSync(at('motd')), existsSync(at('one'))]).toEqual([false, true]);
  });

  it('keeps what the records of an earlier release say when they come to name the project', async () => {
    writeFileSync(at('motd'), 'theirs\n');
    await run([{ web: [motd()] }], { project: null });
    await run([{ web: [motd()] }]);
    const left = ['web: file /motd: it was there before, with another content'];
    expect((await run([{ web: [] }], { prune: true })).left).toEqual(left);
  });

  it('is ours where it was made under a name that the project, or its playbook, had before', async () => {
    await run([{ web: [motd()] }]);
    const renamed = { project: 'store', formerly: 'shop' };
    expect((await run([{ web: [] }], { ...renamed, check: true })).left).toEqual(['web: file /motd']);
    expect((await run([{ web: [motd()] }], renamed)).roundTrips).toBe(3);
    expect((await run([{ web: [] }], { check: true })).told).toHaveLength(1);
    expect(await run([{ web: [] }], { ...renamed, prune: true })).toMatchObject({ code: 0, left: [] });
    expect(existsSync(at('motd'))).toBe(false);
  });

  it('is never what a member of a cluster needs, whose records only list it', async () => {
    symlinkSync('.', at('l'));
    await run([
      { web: [motd(), file(at('one'), { content: '1' }), file(at('l/by'), { content: 'by a link' })] },
    ]);
    mkdirSync(join(dir, '.quorate/member'));
    writeFileSync(join(dir, '.quorate/member/owner'), 'cluster prod\n');
    writeFileSync(
      join(dir, '.quorate/member/manifest'),
      `user:web\n${at('motd')}\n${join(realpathSync(dir), 'by')}\n`,
    );
    expect((await run([{ web: [] }], { check: true })).left).toEqual(['web: file /one']);
    expect(await run([{ web: [] }], { prune: true })).toMatchObject({ code: 0, left: [] });
    expect([existsSync(at('motd')), existsSync(at('by'))]).toEqual([true, true]);
  });

  it('is known by the id of a play, whatever that and its playbook are called', async () => {
    await run([{ web: [motd()] }], { id: 'web' });
    expect((await run([{ web: [] }], { id: 'web', playbook: 'renamed', check: true })).left).toEqual([
      'web: file /motd',
    ]);
  });

  it('is known of a run that was killed, whichever content it got to', async () => {
    await run([{ web: [motd()] }]);
    const next = [
      file(at('motd'), { content: 'next\n' }),
      command('stops', { run: sh`exit 3`, creates: at('never') }),
    ];
    // Killed before its apply: the record is ahead of the host.
    const records = join(dir, '.quorate/site/here/made');
    await run([{ web: next }]);
    expect(readFileSync(at('motd'), 'utf8')).toBe('next\n');
    writeFileSync(at('motd'), 'hello\n');
    expect(readFileSync(records, 'utf8').trim().split('\n')).toHaveLength(1);
    expect((await run([{ web: [] }], { check: true })).left).toEqual(['web: file /motd']);
    expect(await run([{ web: [] }], { prune: true })).toMatchObject({ code: 0, left: [] });
    expect(existsSync(at('motd'))).toBe(false);
  });

  it('is nothing that a record only claims in a form that we do not write', async () => {
    await run([{ web: [motd()] }]);
    const records = join(dir, '.quorate/site/here/made');
    const [one = ''] = readFileSync(records, 'utf8').split('\n');
    const forged = [
      one.replace('"file"', '"script"'),
      one.replace(/"name":"[^"]*"/, '"name":"/etc/../etc/passwd"'),
      one.replace(/"name":"[^"]*"/, '"name":"$(reboot)"'),
      one.replace('"web"', '"a\\u001b[2J"'),
      one.replace(/"by":"[^"]*"/, '"by":["shop site"]').replace('"file"', '"script"'),
      one.replace('"role"', '"inventory":["a\\u001b[2J"],"role"'),
      one.replace(/"digests":\[[^\]]*\]/, '"digests":"all"'),
      '{"kind":"package","name":"--purge x","role":"web","digests":[]}',
      '{"kind":"unit","name":"a b.service","role":"web","digests":[]}',
      'of /',
      '{',
      'null',
      '[]',
    ];
    rmSync(at('motd'));
    writeFileSync(records, `${forged.join('\n')}\n`);
    expect(await run([{ web: [] }], { check: true })).toMatchObject({ code: 0, left: [], errors: [] });
  });
});
