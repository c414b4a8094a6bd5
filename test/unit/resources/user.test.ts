import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../lib/dsl/path.ts';
import { Secret } from '../../../lib/dsl/secret.ts';
import { PRELUDE } from '../../../lib/dsl/shell/prelude.ts';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { group } from '../../../lib/resources/group.ts';
import { user } from '../../../lib/resources/user/index.ts';
import type { UserOptions } from '../../../lib/resources/user/user-wish.ts';
import { withoutRepeats } from '../../../lib/runner/plan/wishes.ts';
import { SHELLS } from '../support/shells.ts';

/** What the probe prints: groups that are asked about, and the user if there is one. */
function observed(groups: readonly string[], own?: string): string {
  return [...groups.map((name) => `group ${name} 100:`), own ?? ''].join(`\n${MARK}\n`);
}

const ANN = 'primary ann\ngroups ann sudo\npasswd ann 1000:1000::/home/ann:/bin/sh\nlocal\nmember sudo';
/** Of a directory, whose groups may have spaces in their names. */
const FAR =
  'primary domain users\ngroups domain users sudo\npasswd ann 99:99::/home/ann:/bin/sh\nmember sudo';
const plan = (options: UserOptions, out: string, world = new World()) =>
  user('ann', options)
    .diff({ code: 0, out }, world)
    .map(({ kind, property, before, after }) => `${kind} ${property}: ${before} → ${after}`);

describe('a user', () => {
  it.each<[string, UserOptions, out: string, string[]]>([
    ['who is not there', {}, observed([]), ['create name: null → ann']],
    ['who is not there, in a group', { group: 'web' }, observed(['web']), ['create group: null → web']],
    [
      'who is not there, in two groups',
      { groups: ['sudo', 'sudo'] },
      observed(['sudo']),
      ['create name: null → ann', 'create groups: null → sudo'],
    ],
    ['who is there', {}, observed([], ANN), []],
    ['whose other groups nobody mentioned', { groups: [] }, observed([], ANN), []],
    ['who is in the group', { groups: ['sudo'] }, observed(['sudo'], ANN), []],
    [
      'whose primary group is among the groups',
      { groups: ['ann', 'sudo'] },
      observed(['ann', 'sudo'], ANN),
      [],
    ],
    [
      'who is to be in one more group',
      { groups: ['adm'] },
      observed(['adm'], ANN),
      ['update groups: null → adm'],
    ],
    [
      'who is to stay in the primary group that it leaves',
      { group: 'web', groups: ['ann', 'web'] },
      observed(['web', 'ann'], ANN),
      ['update group: ann → web', 'update groups: null → ann'],
    ],
    [
      'who is in the primary group that it leaves by name, too',
      { group: 'web', groups: ['ann'] },
      observed(['web', 'ann'], ANN.replace('member sudo', 'member sudo\nmember ann')),
      ['update group: ann → web'],
    ],
    [
      'who is in its groups alone, and leaves the primary one',
      { group: 'web', groups: ['sudo'], onlyGroups: true },
      observed(['web', 'sudo'], ANN.replace('member sudo', 'member sudo\nmember ann')),
      ['update group: ann → web', 'remove groups: ann → null'],
    ],
    ['with another shell', { shell: '/bin/bash' }, observed([], ANN), ['update shell: /bin/sh → /bin/bash']],
    ['with another primary group', { group: 'web' }, observed(['web'], ANN), ['update group: ann → web']],
    ['of a service, whose home is elsewhere', { system: true, home: '/srv' }, observed([], ANN), []],
    ['with the home that is wanted', { home: '/home/ann/' }, observed([], ANN), []],
    ['of a directory', { shell: '/bin/sh' }, observed([], FAR), []],
    [
      'of a directory, who is to be in a group of the host',
      { groups: ['adm'] },
      observed(['adm'], FAR),
      ['update groups: null → adm'],
    ],
    [
      'of a directory, whose own groups are not of the host',
      { groups: ['sudo'], onlyGroups: true },
      observed(['sudo'], FAR),
      [],
    ],
    [
      'whose primary group has no name',
      { shell: '/bin/bash' },
      observed([], ANN.replace('primary ann', 'primary 1234')),
      ['update shell: /bin/sh → /bin/bash'],
    ],
  ])('%s', (_name, options, out, differences) => {
    expect(plan(options, out)).toEqual(differences);
  });

  it('is not called right with another home than is wanted: its files and login keys are there', () => {
    expect(() => plan({ home: '/srv' }, observed([], ANN))).toThrow(
      /user ann has the home \/home\/ann, \/srv was wanted$/,
    );
  });

  const busybox = SHELLS.find(([name, path]) => name === 'busybox' && path === '/usr/bin/nsenter');
  it.skipIf(busybox === undefined).each<[string, UserOptions, own: string, string[]]>([
    [
      'is made for a service, in a group of its own name',
      { system: true },
      '',
      ['addgroup -S ann', 'adduser -S -H -D -s /sbin/nologin -G ann ann'],
    ],
    [
      'is made with a shell that was named, in a group that is there, for a while',
      { system: true, group: 'web', shell: '/bin/sh', expires: '2027-01-31' },
      '',
      ['adduser -S -H -D -s /bin/sh -G web ann', 'ann:!:1:::::20849:'],
    ],
    [
      'has other fields',
      { group: 'web', shell: '/bin/ash', comment: 'A/n & \\1', expires: 'never' },
      `${ANN}\nshadow x 20000`,
      ['ann:x:1000:500:A/n & \\1:/home/ann:/bin/ash', 'ann:!:1::::::'],
    ],
    [
      'is in other groups',
      { groups: ['web'], onlyGroups: true },
      ANN,
      ['delgroup ann sudo', 'addgroup ann web'],
    ],
  ])('under busybox %s', (_case, options, own, expected) => {
    const { group, groups = [] } = options;
    const task = user('ann', options);
    const out = observed(group === undefined ? groups : [group, ...groups], own);
    const { text } = task.apply(task.diff({ code: 0, out }, new World()), {});
    const script = `${PRELUDE}
for tool in adduser addgroup delgroup; do printf '#!/bin/sh\\necho %s "$@" >>/log\\n' $tool >/bin/$tool; chmod +x /bin/$tool; done
printf 'annie:x:1:1::/:/x\\n${own === '' ? '' : 'ann:x:1000:1000::/home/ann:/bin/sh\\n'}' >>/etc/passwd
echo web:x:500: >>/etc/group; printf 'annie:!:1:::::9:\\nann:!:1:::::5:\\n' >/etc/shadow
( ${text} ) || echo failed
cat /log /etc/passwd /etc/shadow`;
    const [, file = '', ...args] = busybox ?? [];
    const { stdout } = spawnSync(file, [...args, '-c', script], { encoding: 'utf8' });
    const lines = stdout.split('\n');
    expect(lines).toEqual(expect.arrayContaining([...expected, 'annie:x:1:1::/:/x', 'annie:!:1:::::9:']));
    expect(lines).not.toContain('failed');
  });

  it.each([
    ['who is there', ANN, '/home/ann'],
    ['who is to be made', 'new home /srv/ann', '/srv/ann'],
    ['whose home is there already', '', '/home/of'],
  ])('%s wants its home to be there', (_who, own, home) => {
    const task = user('ann', { home: '/home/of' });
    expect(task.provides?.({ code: 0, out: observed([], own) })).toEqual([home]);
  });

  describe('of several tasks', () => {
    const roles = (...tasks: readonly Task[]) =>
      withoutRepeats(
        'h',
        tasks.map((task) => ({ role: 'r', task })),
      ).map(({ task }) => task);
    const out = (own = '') => ({ code: 0, out: observed(['adm', 'web'], own) });
    const planned = (own: string, world: World, ...tasks: readonly Task[]) =>
      roles(...tasks).map((task) =>
        task.diff(out(own), world).map(({ property, after }) => `${property} ${after}`),
      );

    it.each([
      ['who is made by the first', '', [['name ann', 'groups adm', 'shell /bin/false'], ['groups web']]],
      ['who is there', ANN, [['groups adm', 'shell /bin/false'], ['groups web']]],
    ])('gets the groups of each: one %s', (_who, own, found) => {
      const first = user('ann', { groups: ['adm'] });
      const second = user('ann', { groups: ['adm', 'web'], shell: '/bin/false' });
      const world = new World();
      expect(planned(own, world, first, second)).toEqual(found);
      expect(planned(own, world, user('ann', { groups: ['adm', 'web'] }))).toEqual([[]]);
    });

    it.each<[string, UserOptions, UserOptions]>([
      ['another shell', { shell: '/bin/sh' }, { shell: '/bin/bash' }],
      ['another comment', { comment: 'Ann' }, { comment: 'Anna' }],
      ['no other groups', { groups: ['adm'], onlyGroups: true }, { groups: ['web'] }],
    ])('is refused where they want %s', (_what, one, other) => {
      expect(() => roles(user('ann', one), user('ann', other))).toThrow(/want different things of user:ann$/);
    });
  });

  it('takes no group away', () => {
    const task = user('ann', { groups: ['adm', 'web'] });
    const changes = task.diff({ code: 0, out: observed(['adm', 'web'], ANN) }, new World());
    expect(task.apply(changes, {}).text).toMatch(/\busermod --append --groups adm,web ann$/m);
  });

  it.each(SHELLS)('is made, and changed, by shell that %s reads', (_shell, ...shell) => {
    const task = user('ann', { groups: ['adm', 'web'], shell: '/bin/sh', comment: "Ann's" });
    for (const own of ['', ANN]) {
      const script = task.apply(
        task.diff({ code: 0, out: observed(['adm', 'web'], own) }, new World()),
        {},
      ).text;
      expect(script).toContain('q_join');
      expect(spawnSync(shell[0] ?? 'sh', [...shell.slice(1), '-n'], { input: script })).toMatchObject({
        status: 0,
      });
    }
  });

  it('needs its groups, or a task that makes them', () => {
    expect(() => plan({ groups: ['adm'] }, observed([], ANN))).toThrow(/to group adm: there is none/);
    const world = new World();
    world.group('adm').willBe({});
    expect(plan({ groups: ['adm'] }, observed([], ANN), world)).toEqual(['update groups: null → adm']);
  });

  const HASH = '$6$salt$0123456789abcdef';
  const shadow = (hash: string, days = '') => `shadow ${sha256(hash)} ${days}`;
  it.each<[string, UserOptions, out: string, string[]]>([
    [
      'leaves groups where the list is all',
      { groups: ['adm'], onlyGroups: true },
      observed(['adm'], ANN),
      ['update groups: null → adm', 'remove groups: sudo → null'],
    ],
    ['has its password', { password: new Secret(HASH) }, observed([], `${ANN}\n${shadow(HASH)}`), []],
    [
      'has another password',
      { password: new Secret(HASH) },
      observed([], `${ANN}\n${shadow('!')}`),
      ['update password: (secret) → (secret)'],
    ],
    ['expires that day', { expires: '2027-01-31' }, observed([], `${ANN}\n${shadow('!', '20849')}`), []],
    [
      'has its shell, and a password',
      { shell: '/bin/sh', password: new Secret(HASH) },
      observed([], `${ANN}\n${shadow(HASH)}`),
      [],
    ],
    [
      'is locked',
      { password: new Secret(HASH) },
      observed([], `${ANN}\n${shadow(`!${HASH}`)}\nlocked`),
      ['update password: locked → (secret)'],
    ],
    ['never expires', { expires: 'never' }, observed([], `${ANN}\n${shadow('!')}`), []],
    [
      'is to expire',
      { expires: '2027-01-31' },
      observed([], `${ANN}\n${shadow('!')}`),
      ['update expires: never → 2027-01-31'],
    ],
    ['has a comment', { comment: 'Ann' }, observed([], ANN), ['update comment:  → Ann']],
    ['has its number', { uid: 1000 }, observed([], ANN), []],
  ])('%s', (_name, options, out, differences) => {
    expect(plan(options, out)).toEqual(differences);
  });

  it.each<[UserOptions, out: string, RegExp]>([
    [{ uid: 1001 }, observed([], ANN), /user ann has uid 1000, 1001 was wanted$/],
    [{ uid: 1001 }, observed([], 'holder bob'), /user ann with uid 1001: bob has it$/],
    [{ password: new Secret(HASH) }, observed([], 'shadow closed'), /cannot read \/etc\/shadow$/],
    [{ shell: '/bin/zsh' }, observed([], `${ANN}\nno shell`), /ann the shell \/bin\/zsh: the host has none$/],
    [{ shell: '/bin/zsh' }, observed([], 'no shell'), /ann the shell \/bin\/zsh: the host has none$/],
    [{ shell: '/bin/bash' }, observed([], FAR), /cannot change the shell of user ann: it is not in /],
  ])('%j is not done', (options, out, message) => {
    expect(() => plan(options, out)).toThrow(message);
  });

  it.each<UserOptions>([
    { onlyGroups: true },
    { comment: 'a:b' },
    { comment: 'a\tb' },
    { home: 'srv/ann' },
    { home: '/srv:/ann' },
    { shell: 'bash' },
    { uid: -1 },
    { uid: 1.5 },
    { uid: 1e21 },
    { password: new Secret('plain') },
    { password: new Secret('') },
    { expires: 'soon' },
    { expires: '2027-02-30' },
    { group: '100' },
    { groups: ['27'] },
  ])('%j is refused before any contact', (options) => {
    expect(() => user('ann', options)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });

  it('keeps a password out of arguments', () => {
    const task = user('ann', { password: new Secret(HASH) });
    for (const out of [observed([]), observed([], ANN)]) {
      const script = task.apply(task.diff({ code: 0, out }, new World()), {}).text;
      expect(script).toMatch(/printf '%s:%s\\n' ann '\$6\$salt\S*' \| chpasswd -e/);
      expect(script).not.toMatch(/(usermod|useradd)[^\n]*\$6\$/);
    }
  });

  it.each<[string, own: string, ...states: (string | undefined)[]]>([
    [
      'is made, with what the host puts into every one',
      'new home /home/ann\nhas .bashrc',
      'directory',
      'other',
    ],
    ['stays as it is where something is there', '', undefined, undefined],
  ])('whose home %s', (_case, own, folder, skeleton) => {
    const world = new World();
    user('ann').diff({ code: 0, out: observed([], own) }, world);
    const found = ['/home/ann', '/home/ann/.bashrc', '/home/ann/.vimrc'].map((path) => world.path(path));
    expect(found.map((one) => one.over(undefined)?.type)).toEqual([folder, skeleton, undefined]);
  });

  it('may get a shell that an earlier task brings', () => {
    const world = new World();
    world.package('zsh').willBe({});
    const task = user('ann', { shell: '/bin/zsh' });
    expect(task.diff({ code: 0, out: observed([], `${ANN}\nno shell`) }, world)).toMatchObject([
      { property: 'shell', certainty: 'conditional' },
    ]);
  });

  it.each(['', 'a b', '-x', 'a:b', '1000', 'x'.repeat(33)])('%j is not a name', (name) => {
    expect(() => user(name)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });
});

describe('a group by its number', () => {
  const plan = (out: string) =>
    group('web', { gid: 500 })
      .diff({ code: 0, out }, new World())
      .map(({ kind }) => kind);
  it('is there, or is made', () => {
    expect(plan(`group web 500:\n${MARK}\nholder web\ngroup web 500:`)).toEqual([]);
    expect(plan(`\n${MARK}\n`)).toEqual(['create', 'create']);
  });

  it.each([
    [`group web 501:\n${MARK}\ngroup web 501:`, /group web has gid 501, 500 was wanted$/],
    [`\n${MARK}\nholder games`, /group web with gid 500: games has it$/],
  ])('%j is not done', (out, message) => {
    expect(() => plan(out)).toThrow(message);
  });

  it.each([-5, 1.5])('%d is none', (gid) => {
    expect(() => group('web', { gid })).toThrow(/gid is .*, a whole number from 0 was wanted$/);
  });

  it.each(['', '-x', 'a b'])('%j is not a name', (name) => {
    expect(() => group(name)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });
});
