import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Change, Task } from '../../../lib/dsl/task.ts';
import { absent } from '../../../lib/resources/absent.ts';
import { command } from '../../../lib/resources/command.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { group } from '../../../lib/resources/group.ts';
import { line } from '../../../lib/resources/line.ts';
import { user } from '../../../lib/resources/user/index.ts';
import { loopHost } from '../support/loop-host.ts';
import { recorder } from '../support/recorder.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

/** User 1234 may read, as the kernel has it: version, then tag, permissions and ID of each entry. */
const ACCESS_LIST =
  "struct.pack('<I' + 'HHI' * 5, 2, 1, 6, 0xffffffff, 2, 4, 1234, 4, 4, 0xffffffff, 16, 4, 0xffffffff, 32, 4, 0xffffffff)";

const isRoot = process.getuid?.() === 0;

describe.each(SHELLS)('a check under %s knows what a run could not do', (_name, ...shell) => {
  let dir: string;
  beforeEach(() => {
    dir = scratch();
  });
  const at = (name: string) => join(dir, name);
  const wish = (path: string, more = {}) => file(at(path), { content: 'new\n', mode: '0644', ...more });
  const folder = (path: string, more = {}) => directory(at(path), { mode: '0755', ...more });
  const gone = (path: string) => absent(at(path));

  async function plan(...tasks: Task[]) {
    const host = loopHost({ dir, sink: recorder(), shell });
    await host.makePlan(tasks.map((task) => ({ role: 'role', task })));
    return host;
  }
  const kinds = (host: Awaited<ReturnType<typeof plan>>) =>
    host.plan.map(({ changes }) => changes.map(({ kind, property }) => `${kind} ${property}`).join());

  const REFUSED: readonly (readonly [name: string, make: () => Task[], message: RegExp])[] = [
    [
      'a file in a folder that is missing',
      () => [wish('a/b/c')],
      /cannot make \S+\/a\/b\/c: \S+\/a\/b is missing$/,
    ],
    ['a file below a file', () => [wish('f/x')], /cannot make \S+\/f\/x: \S+\/f is not a directory$/],
    ['a directory below a file', () => [folder('f/x/y')], /\/f is not a directory$/],
    ['a file below a dangling link', () => [wish('dangling/x')], /\/dangling is not a directory$/],
    [
      'a file over a link to a directory',
      () => [wish('todir')],
      /todir is a link to a directory, a file was wanted$/,
    ],
    ['a file over a socket', () => [wish('socket')], /socket is a socket, a file was wanted$/],
    ['a file below a file that an earlier task makes', () => [wish('g'), wish('g/x')], /\/g will be a file$/],
    [
      'an owner who is not there',
      () => [wish('x', { owner: 'nobody-here' })],
      /to user nobody-here: there is none/,
    ],
    [
      'a group that is not there',
      () => [folder('x', { group: 'no-such' })],
      /to group no-such: there is none/,
    ],
    ['another owner who is not there', () => [wish('f', { owner: 'nobody-here' })], /to user nobody-here/],
    [
      'a user without the group',
      () => [user('q-web', { group: 'q-no', home: '/' })],
      /group q-no: there is none/,
    ],
    ['a directory with something in it, to be absent', () => [gone('full')], /full: it has \.hidden in it$/],
  ];
  it.each(REFUSED)('%s', async (_case, make, message) => {
    mkdirSync(at('empty'));
    mkdirSync(at('full'));
    writeFileSync(at('full/.hidden'), '');
    writeFileSync(at('f'), 'old\n');
    symlinkSync(at('full'), at('todir'));
    symlinkSync(at('nowhere'), at('dangling'));
    const server = createServer().listen(at('socket'));
    await once(server, 'listening');
    const before = readdirSync(dir, { recursive: true });
    await expect(plan(...make())).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
      host: 'here',
      hint: expect.any(String),
    });
    expect(readdirSync(dir, { recursive: true })).toEqual(before);
    server.close();
  });

  it.skipIf(!isRoot)('a way that a user leads, by a link, to what is not theirs', async () => {
    mkdirSync(at('etc'));
    mkdirSync(at('home'));
    chownSync(at('home'), 4711, 4711);
    symlinkSync(at('etc'), at('home/app'));
    lchownSync(at('home/app'), 4711, 4711);
    expect(kinds(await plan(gone('home/app/x')))).toEqual(['']);
    for (const make of [wish, folder, gone]) {
      if (make === gone) writeFileSync(at('etc/x'), 'old');
      await expect(plan(make('home/app/x'))).rejects.toMatchObject({
        exitCode: 3,
        message: `here: ${at('home/app')}, on the way to ${at('home/app/x')}, leads to ${at('etc')} by a link of 4711`,
      });
    }
    const { words, ...task } = wish('home/app/x');
    await expect(plan({ ...task, words: { ...words, becomeUser: 'root' } })).rejects.toMatchObject({
      exitCode: 3,
    });
    const creates = command('app', { run: sh`:`, creates: at('home/app/done') });
    expect(kinds(await plan(creates))).toEqual(['run done']);
    writeFileSync(at('etc/x'), 'new\n', { mode: 0o644 });
    expect(kinds(await plan(wish('home/app/x')))).toEqual(['']);
    lchownSync(at('home/app'), 0, 0);
    expect(kinds(await plan(wish('home/app/y')))).toEqual(['create content']);
  });

  it('and a run itself puts nothing into the target of a link', async () => {
    mkdirSync(at('target'));
    const host = await plan(wish('link'));
    symlinkSync(at('target'), at('link'));
    await expect(host.apply(() => true)).rejects.toThrow(/link is a directory, a file was wanted/);
    expect([readdirSync(at('target')), readdirSync(dir).filter((name) => name.includes('quorate'))]).toEqual([
      [],
      [],
    ]);
  });

  const CARRIED: readonly (readonly [name: string, make: () => Task[], found: readonly string[]])[] = [
    ['a folder and what is in it', () => [folder('a/b'), wish('a/b/c')], ['create type', 'create content']],
    ['a folder and its parent', () => [folder('a/b'), folder('a')], ['create type', '']],
    [
      'what is in a folder, then the folder',
      () => [gone('full/.hidden'), gone('full')],
      ['remove type', 'remove type'],
    ],
    ['a file through a link to a directory', () => [wish('todir/x')], ['create content']],
    ['a file over a dangling link', () => [wish('dangling')], ['create content']],
  ];
  it.each(CARRIED)('what it can do is foreseen: %s', async (_case, make, found) => {
    mkdirSync(at('full'));
    writeFileSync(at('full/.hidden'), '');
    writeFileSync(at('f'), 'old\n');
    symlinkSync(at('full'), at('todir'));
    symlinkSync(at('nowhere'), at('dangling'));
    const host = await plan(...make());
    expect(kinds(host)).toEqual(found);
    await host.apply(() => true);
  });

  it('a group counts by its whole name, not as a pattern', async () => {
    writeFileSync(at('f'), '');
    expect(kinds(await plan(group('r..t')))).toEqual(['create name']);
    expect(kinds(await plan(group('root')))).toEqual(['']);
  });

  it('accounts that earlier tasks make count', async () => {
    const host = await plan(
      group('q-new'),
      user('q-web', { group: 'q-new', home: '/' }),
      wish('x', { owner: 'q-web', group: 'q-new' }),
    );
    expect(kinds(host)).toEqual([
      'create name',
      'create group,create home',
      'create content,create owner,create group',
    ]);
  });

  it('what is new is said with what is not usual of it', async () => {
    const host = await plan(
      group('q-new', { gid: 2200 }),
      user('q-web', {
        uid: 2100,
        home: '/',
        shell: '/bin/sh',
        comment: 'Web',
      }),
      wish('usual', { mode: '0644', owner: 'root', group: '0' }),
      wish('setuid', { mode: '4755', group: 'q-new' }),
      folder('usual-too'),
      folder('shared', { mode: '2775', owner: '2100' }),
      line(at('token'), { line: 'a', create: true, mode: '0640' }),
    );
    const said = (change: Change) => `${change.property} ${change.after}`;
    expect(
      host.plan.map(({ changes }) => changes.map(said).filter((one) => !/^(content|type|text)/.test(one))),
    ).toEqual([
      ['name q-new', 'gid 2200'],
      ['name q-web', 'uid 2100', 'comment Web', 'home /', 'shell /bin/sh'],
      [],
      ['mode 4755', 'group q-new'],
      [],
      ['mode 2775', 'owner 2100'],
      ['mode 0640'],
    ]);
  });

  it('the group and the home count that come with a user', async () => {
    const host = await plan(
      user('q-web', { home: at('home') }),
      folder('x', { owner: 'q-web', group: 'q-web' }),
      wish('home/.vimrc'),
      line(at('home/.q-profile'), { line: 'umask 077', create: true }),
    );
    expect(kinds(host)).toEqual([
      'create name,create home',
      'create type,create owner,create group',
      'create content',
      'create text',
    ]);
  });

  it.each<[string, () => Task, RegExp]>([
    [
      'of a service has no home made',
      () => user('q-web', { system: true, home: at('home') }),
      /home is missing$/,
    ],
    [
      'in a group has none of its own',
      () => user('q-web', { group: 'root' }),
      /to group q-web: there is none/,
    ],
  ])('a user %s', async (_case, make, message) => {
    const below = [folder('x', { group: 'q-web' }), wish('home/x')];
    const needs = message.source.startsWith('home') ? below.slice(1) : below;
    await expect(plan(make(), ...needs)).rejects.toThrow(message);
  });

  it.runIf(isRoot)('owner and group that are not asked for stay', async () => {
    writeFileSync(at('bobs'), 'old\n');
    chownSync(at('bobs'), 12_345, 54_321);
    const host = await plan(wish('bobs'));
    expect(kinds(host)).toEqual(['update content']);
    await host.apply(() => true);
    const { uid, gid } = statSync(at('bobs'));
    expect([readFileSync(at('bobs'), 'utf8'), uid, gid]).toEqual(['new\n', 12_345, 54_321]);
  });

  it.runIf(isRoot && shell[0] !== '/usr/bin/nsenter').for([
    ['attributes', 'user.mine', "b'kept'"],
    ['access lists', 'system.posix_acl_access', ACCESS_LIST],
  ])('%s that nobody asked for stay', async ([, name, value], { skip }) => {
    writeFileSync(at('x'), 'old\n', { mode: 0o644 });
    const attribute = (how: string) =>
      spawnSync('python3', ['-c', `import os, struct; ${how}`], { encoding: 'utf8' });
    const of = `${JSON.stringify(at('x'))}, '${name}'`;
    if (attribute(`os.setxattr(${of}, ${value})`).status !== 0) skip();
    await (await plan(wish('x', { owner: 'root' }))).apply(() => true);
    expect(attribute(`print(os.getxattr(${of}) == ${value})`).stdout).toBe('True\n');
    expect(readFileSync(at('x'), 'utf8')).toBe('new\n');
  });

  it.runIf(isRoot)('numbers are owners, too, and bits that nobody wants go', async () => {
    writeFileSync(at('n'), 'new\n');
    mkdirSync(at('sgid'));
    execFileSync('chmod', ['2755', at('sgid')]);
    const tasks = [wish('n', { owner: '12345', group: '0', mode: '640' }), folder('sgid')];
    const host = await plan(...tasks);
    expect(kinds(host)).toEqual(['update mode,update owner', 'update mode']);
    await host.apply(() => true);
    expect(kinds(await plan(...tasks))).toEqual(['', '']);
  });

  it('a temporary name that somebody else made is not followed', async () => {
    writeFileSync(at('victim'), 'kept');
    const host = await plan(wish('x'));
    symlinkSync(at('victim'), at('.x.quorate-new'));
    await host.apply(() => true);
    expect([readFileSync(at('victim'), 'utf8'), lstatSync(at('x')).isFile()]).toEqual(['kept', true]);
    expect(existsSync(at('.x.quorate-new'))).toBe(false);
  });
});

it('a name that no file can have is refused before any contact', () => {
  expect(() => file(`/srv/${'é'.repeat(128)}`, { content: '' })).toThrow(
    /has a name of more than 255 bytes$/,
  );
  expect(file(`/srv/${'é'.repeat(127)}`, { content: '' }).owns).toHaveLength(1);
});
