import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TaskList } from '../../../../lib/dsl/block.ts';
import { block } from '../../../../lib/dsl/block.ts';
import { sha256 } from '../../../../lib/dsl/path.ts';
import { plainPlay } from '../../../../lib/dsl/plain-play.ts';
import type { Play } from '../../../../lib/dsl/play.ts';
import { defineResource } from '../../../../lib/dsl/resource.ts';
import { role } from '../../../../lib/dsl/role.ts';
import { PRELUDE } from '../../../../lib/dsl/shell/prelude.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../../lib/dsl/task.ts';
import { absent } from '../../../../lib/resources/absent.ts';
import { archive } from '../../../../lib/resources/archive/index.ts';
import { command } from '../../../../lib/resources/command.ts';
import { directory } from '../../../../lib/resources/directory.ts';
import { file } from '../../../../lib/resources/file.ts';
import { gitCheckout } from '../../../../lib/resources/git-checkout/index.ts';
import { group } from '../../../../lib/resources/group.ts';
import { takeAway } from '../../../../lib/resources/left-over/index.ts';
import { link } from '../../../../lib/resources/link.ts';
import { packages } from '../../../../lib/resources/packages/index.ts';
import { service } from '../../../../lib/resources/service/index.ts';
import { tree } from '../../../../lib/resources/tree/index.ts';
import { user } from '../../../../lib/resources/user/index.ts';
import type { RunEvent } from '../../../../lib/runner/events.ts';
import { startRun } from '../../../../lib/runner/run.ts';
import { fakeSystemctl } from '../../support/fake-systemctl.ts';
import { recorder } from '../../support/recorder.ts';
import { WHOLE_RUN } from '../../support/run-options.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';
import { SHELLS } from '../../support/shells.ts';

let dir: string;
let systemctl: ReturnType<typeof fakeSystemctl>;
beforeEach(() => {
  dir = join(scratch(), 'host');
  mkdirSync(join(dir, 'srv'), { recursive: true });
  systemctl = fakeSystemctl(join(dir, 'systemd'));
});
const at = (name: string) => join(dir, 'srv', name);
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-C', join(dir, 'repository'), ...args]);

interface Given {
  readonly check?: boolean;
  readonly prune?: boolean;
}

/** Each argument is a play: what its roles want, by name. */
async function run(plays: readonly Readonly<Record<string, TaskList>>[], given: Given = {}) {
  const { check = false, prune = false } = given;
  const sink = recorder();
  const host = {
    name: 'here',
    groups: ['all'],
    vars: { ansible_connection: 'local', inventory_dir: dir },
    connect: async () => shellHost(['env', `PATH=${systemctl.path}`, 'sh']),
  };
  const all = plays.map((roles, i) =>
    plainPlay(
      {
        name: `play ${i}`,
        hosts: 'all',
        roles: Object.entries(roles).map(([name, tasks]) =>
          role({ name, description: name, tasks: () => tasks }),
        ),
      },
      'site',
      { maker: { by: 'shop site', isOurs: () => true, isOfProject: () => true } },
    ),
  ) as Play[];
  const code = await startRun(
    { name: 'site', description: 'site', plays: all },
    {
      ...WHOLE_RUN,
      select: () => [host],
      check,
      prune,
      takeAway: async () => takeAway,
      sink,
    },
  ).done;
  const of = <Name extends RunEvent['event']>(name: Name) =>
    sink.events.filter((one): one is Extract<RunEvent, { event: Name }> => one.event === name);
  const changed = of('task')
    .filter(({ status }) => status === 'changed' || status === 'unknown')
    .flatMap(({ changes }) => changes.map(({ resource, kind, after }) => `${resource} ${kind} ${after}`));
  return {
    code,
    errors: of('error').map(({ message }) => message),
    changed,
    left: of('left-over').map(({ name }) => name),
    service: changed.filter((one) => one.startsWith('service:')),
  };
}

/** A check, the run that it foretells, and a check that has nothing more to say; what systemd was asked for. */
async function settle(plays: readonly Readonly<Record<string, TaskList>>[], given: Given = {}) {
  const check = await run(plays, { ...given, check: true });
  expect([check.code, check.errors]).toEqual([0, []]);
  const made = await run(plays, given);
  expect([made.code, made.errors]).toEqual([0, []]);
  expect(made.changed.map(known)).toEqual(check.changed.map(known));
  const done = systemctl.done();
  const again = await run(plays, { ...given, check: true });
  expect([again.code, again.changed]).toEqual([0, []]);
  return done;
}

/** What only the run can know is left out. */
function known(change: string): string {
  return change.replace(/ (unknown|[0-9a-f]{40})$/, '');
}

const old = (path: string) => utimesSync(path, 1e9, 1e9);
const reloading = (...tasks: Task[]): TaskList => [...tasks, service('site', { reloadOn: tasks })];

describe('a service that hangs on', () => {
  const KINDS: readonly (readonly [
    name: string,
    kind: () => { now: Task; next: () => Task; drift?: () => void },
  ])[] = [
    [
      'a link reads again when it leads elsewhere',
      () => ({ now: link(at('on'), { to: 'a' }), next: () => link(at('on'), { to: 'b' }) }),
    ],
    [
      'an absent path reads again when it goes',
      () => ({
        now: file(at('default'), { content: 'x' }),
        next: () => absent(at('default')),
      }),
    ],
    [
      'a path that is to stay absent reads again when somebody has started it on that',
      () => ({
        now: absent(at('default')),
        next: () => absent(at('default')),
        drift() {
          writeFileSync(at('default'), 'x');
          systemctl.startedByHand('site.service');
        },
      }),
    ],
    [
      'a tree reads again when a file leaves it',
      () => {
        const source = join(dir, 'source');
        mkdirSync(source);
        for (const name of ['a.conf', 'b.conf']) writeFileSync(join(source, name), name);
        const now = tree(at('conf.d'), { source, delete: true });
        return {
          now,
          next() {
            rmSync(join(source, 'b.conf'));
            return tree(at('conf.d'), { source, delete: true });
          },
        };
      },
    ],
    [
      'a tree reads again when a link in it leads elsewhere',
      () => {
        const source = join(dir, 'source');
        mkdirSync(source);
        symlinkSync('a', join(source, 'on'));
        const now = tree(at('conf.d'), { source });
        return {
          now,
          next() {
            rmSync(join(source, 'on'));
            symlinkSync('b', join(source, 'on'));
            return tree(at('conf.d'), { source });
          },
        };
      },
    ],
    [
      'a checkout reads again at another commit',
      () => {
        mkdirSync(join(dir, 'repository'));
        git('init', '--quiet', '--initial-branch=main');
        git('commit', '--quiet', '--allow-empty', '-m', 'one');
        git('tag', 'v1');
        git('commit', '--quiet', '--allow-empty', '-m', 'two');
        git('tag', 'v2');
        const repository = `file://${join(dir, 'repository')}`;
        return {
          now: gitCheckout(at('site'), { repository, version: 'v1' }),
          next: () => gitCheckout(at('site'), { repository, version: 'v2' }),
        };
      },
    ],
    [
      'an archive reads again when another one is unpacked',
      () => {
        const made = (text: string) => {
          writeFileSync(join(dir, 'page'), text);
          execFileSync('tar', ['-C', dir, '-czf', join(dir, `${text}.tar.gz`), 'page']);
          return archive(at('www'), { source: join(dir, `${text}.tar.gz`), creates: 'page' });
        };
        return { now: made('one'), next: () => made('two') };
      },
    ],
    [
      'a directory reads again when its mode changes',
      () => ({ now: directory(at('d'), { mode: '0755' }), next: () => directory(at('d'), { mode: '0750' }) }),
    ],
    [
      'a command reads again when what it creates is made anew',
      () => {
        const made = command('made', { run: sh`date +%N >${at('made')}`, creates: at('made') });
        return { now: made, next: () => made, drift: () => rmSync(at('made')) };
      },
    ],
  ];

  it.each(KINDS)('%s', async (_name, kind) => {
    const { now, next, drift } = kind();
    expect(await settle([{ web: reloading(now) }])).toEqual(['restart']);
    const task = next();
    drift?.();
    expect(await settle([{ web: reloading(task) }])).toEqual(['reload']);
  });

  it.each(KINDS)('it, also where the run was killed before: %s', async (_name, kind) => {
    const { now, next, drift } = kind();
    await settle([{ web: reloading(now) }]);
    const task = next();
    drift?.();
    // Killed between the two.
    expect((await run([{ web: [task] }])).code).toBe(0);
    expect(await settle([{ web: reloading(task) }])).toEqual(['reload']);
  });

  it('what it was never asked about: gone before its start or after it', async () => {
    writeFileSync(at('default'), 'x');
    await settle([{ web: [service('site')] }]);
    rmSync(at('default'));
    expect(await settle([{ web: reloading(absent(at('default'))) }])).toEqual(['reload']);
    systemctl.startedByHand('site.service');
    old(at('.'));
    expect(await settle([{ web: reloading(absent(at('default'))) }])).toEqual([]);
    // Another file gives the folder another time: the next check must not be surprised by that.
    expect(
      await settle([{ web: [file(at('other'), { content: 'x' }), ...reloading(absent(at('default')))] }]),
    ).toEqual(['reload']);
  });

  it('packages, users and groups, which are there', async () => {
    const tasks = [packages('dash'), user('daemon'), group('daemon')];
    expect(await settle([{ web: reloading(...tasks) }])).toEqual(['restart']);
    systemctl.startedByHand('site.service');
    // Nobody knows since when an account is as it is: what an earlier start has read will do.
    expect(await settle([{ web: reloading(packages('dash'), user('daemon'), group('daemon')) }])).toEqual([]);
  });
});

describe('what a service does not name any more', () => {
  const [a, b] = [() => file(at('a.conf'), { content: 'a' }), () => file(at('b.conf'), { content: 'b' })];

  it('is not a reason to read again while it is there, and is one once it is pruned', async () => {
    await settle([{ web: reloading(a(), b()) }]);
    expect(await settle([{ web: reloading(a()) }])).toEqual([]);
    expect(await settle([{ web: reloading(a()) }], { prune: true })).toEqual(['reload']);
  });

  it('is not forgotten by what is read meanwhile', async () => {
    await settle([{ web: reloading(a(), b(), link(at('on'), { to: 'x' })) }]);
    const other = file(at('a.conf'), { content: 'other' });
    expect(await settle([{ web: reloading(other) }])).toEqual(['reload']);
    systemctl.startedByHand('site.service');
    const third = file(at('a.conf'), { content: 'third' });
    expect(await settle([{ web: [third, service('site', { restartOn: [third] })] }])).toEqual(['restart']);
    rmSync(at('b.conf'));
    expect(await settle([{ web: reloading(third) }])).toEqual(['reload']);
    rmSync(at('on'));
    expect(await settle([{ web: reloading(third) }])).toEqual(['reload']);
  });

  it('is read again by a restart where it hung on that', async () => {
    const tasks = [a(), b()];
    await settle([{ web: [...tasks, service('site', { restartOn: tasks })] }]);
    rmSync(at('b.conf'));
    expect(await settle([{ web: reloading(a()) }])).toEqual(['restart']);
  });
});

describe('one service for several roles', () => {
  const site = (name: string, content = name) => reloading(file(at(`${name}.conf`), { content }));

  it('is brought up by the first, and reads again once, behind the last', async () => {
    expect(await settle([{ a: site('a'), b: site('b') }])).toEqual(['restart', 'reload']);
    expect(await settle([{ a: site('a', 'x'), b: site('b') }])).toEqual(['reload']);
    expect(await settle([{ a: site('a'), b: site('b', 'x'), c: site('c') }])).toEqual(['reload']);
    // One role less.
    expect(await settle([{ a: site('a'), c: site('c') }])).toEqual([]);
    expect(await settle([{ a: site('a'), c: site('c') }], { prune: true })).toEqual(['reload']);
  });

  it('is restarted where one of them wants that', async () => {
    const conf = file(at('main.conf'), { content: 'x' });
    const both = (text: string, content: string): readonly Readonly<Record<string, TaskList>>[] => {
      const main = file(at('main.conf'), { content });
      return [{ a: [main, service('site', { restartOn: [main] })], b: site('b', text) }];
    };
    await settle([{ a: [conf, service('site', { restartOn: [conf] })], b: site('b') }]);
    expect(await settle(both('y', 'y'))).toEqual(['restart']);
    expect(await settle(both('z', 'y'))).toEqual(['reload']);
  });

  it('in two plays reads again for each of them, and neither forgets the other', async () => {
    expect(await settle([{ a: site('a') }, { b: site('b') }])).toEqual(['restart', 'reload']);
    expect(await settle([{ a: site('a', 'x') }, { b: site('b') }])).toEqual(['reload']);
    expect(await settle([{ a: site('a', 'x') }, { b: site('b', 'x') }])).toEqual(['reload']);
    systemctl.startedByHand('site.service');
    for (const name of ['a.conf', 'b.conf']) old(at(name));
    expect(await settle([{ a: site('a', 'x') }, { b: site('b', 'x') }])).toEqual([]);
  });

  it('in a block stands for itself', async () => {
    const inBlock = (content: string): TaskList => [
      block({ title: 'b', tasks: site('b', content) as Task[] }),
    ];
    await settle([{ a: site('a'), b: inBlock('b') }]);
    expect(await settle([{ a: site('a', 'x'), b: inBlock('x') }])).toEqual(['reload', 'reload']);
  });

  it('is one wish where they say the same, and an error where they contradict each other', async () => {
    expect(await settle([{ a: [service('site')], b: [service('site')] }])).toEqual(['restart']);
    const { code, errors } = await run([
      { a: [service('site')], b: [service('site', { state: 'stopped' })] },
    ]);
    expect([code, errors]).toEqual([1, [expect.stringContaining('want different things of service:site')]]);
  });
});

describe.each(SHELLS)('what a service reads, looked at under %s', (_name, shell = 'sh', ...args) => {
  const looks = (tasks: readonly Task[]) =>
    tasks.flatMap(({ marks = [] }) =>
      marks.map(({ name, look }) => {
        const input = `${PRELUDE}\nq_state=${dir}\nset -- $(${look.text})\necho "$#:$1:$2"`;
        const { stdout, stderr } = spawnSync(shell, args, { input, encoding: 'utf8' });
        return [name.replaceAll(dir, ''), (stdout.trim() || stderr).replace(/:\d{10}$/, ':time')];
      }),
    );

  it('is one word, and a time', () => {
    writeFileSync(at('a b'), 'x');
    symlinkSync('a b', at('on'));
    mkdirSync(join(at('site'), '.git'), { recursive: true });
    writeFileSync(join(at('site'), '.git/HEAD'), 'ref: refs/heads/main\n');
    expect(
      looks([
        file(at('a b'), { content: 'x' }),
        link(at('on'), { to: 'a b' }),
        link(at('a b'), { to: 'x' }),
        absent(at('none/such')),
        directory(at('none')),
        gitCheckout(at('site'), { repository: 'https://x', version: 'v1' }),
        user('root'),
        user('nobody-such'),
        group('root'),
        packages('no-such-package'),
      ]),
    ).toEqual([
      ['/srv/a b', `2:${sha256('x')}:time`],
      ['/srv/on', `2:link:${sha256('a b\n')}:time`],
      ['/srv/a b', '1:there:'],
      ['/srv/none/such', '2:gone:time'],
      ['directory /srv/none', '2:gone:time'],
      ['checkout /srv/site', '2:ref:=refs/heads/main:time'],
      ['user root', expect.stringMatching(/^2:[0-9a-f]{64}:time$/)],
      ['user nobody-such', '2:gone:time'],
      ['group root', expect.stringMatching(/^2:[0-9a-f]{64}:time$/)],
      ['package no-such-package', expect.stringMatching(/^2:gone:time$|^0::$/)],
    ]);
  });
});

describe('a unit that has two names', () => {
  beforeEach(() => systemctl.alias('redis.service', 'redis-server.service'));
  const names = [
    ['redis', 'redis-server'],
    ['redis-server', 'redis'],
  ] as const;

  it.each(names)(
    'is not left over as %s where it is declared as %s, but once it is not',
    async (one, other) => {
      await run([{ web: [service(one)] }]);
      expect(systemctl.state('redis-server.service')).toEqual([true, true]);
      systemctl.done();
      for (const given of [{ check: true }, { prune: true }, { prune: true }]) {
        expect(await run([{ web: [service(other)] }], given)).toMatchObject({
          code: 0,
          changed: [],
          left: [],
        });
        expect(systemctl.state('redis-server.service')).toEqual([true, true]);
      }
      expect((await run([{ web: [] }], { check: true })).left).toEqual([`${one}.service`]);
      expect(await run([{ web: [] }], { prune: true })).toMatchObject({ code: 0, errors: [] });
      expect(systemctl.state('redis-server.service')).toEqual([false, false]);
      expect((await run([{ web: [] }], { check: true })).left).toEqual([]);
    },
  );

  it.each(names)('is not wanted stopped as %s, and running as %s', async (one, other) => {
    const tasks = [service(one, { state: 'stopped' }), service(other)];
    expect(await run([{ web: tasks }])).toMatchObject({
      code: 1,
      errors: [expect.stringContaining('want different things of')],
    });
    expect(await run([{ web: [service(one), service(other)] }])).toMatchObject({ code: 0, errors: [] });
    expect(await run([{ web: [service(one), service(other)] }])).toMatchObject({ code: 0, changed: [] });
  });
});

it.each(['not loaded', 'loaded since yesterday', 'a 5 b'])(
  'a mark of one’s own that prints several words is told, and not taken for one that never changes: %s',
  async (words) => {
    const mine = defineResource<object, object, unknown>({
      kind: 'mine',
      complete: () => ({}),
      name: () => 'x',
      title: () => 'mine is so',
      probe: () => undefined,
      parse: () => ({}),
      diff: () => [],
      apply: () => sh`:`,
      marks: () => [{ name: 'module x', look: sh`echo ${words}` }],
    })('x');
    const { code, errors } = await run([{ web: [mine, service('site', { restartOn: [mine] })] }], {
      check: true,
    });
    expect([code, errors]).toEqual([
      2,
      [`here: the look of the mark "module x" prints "${words}", one word was wanted`],
    ]);
  },
);
