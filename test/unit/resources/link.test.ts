import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { absent } from '../../../lib/resources/absent.ts';
import { command } from '../../../lib/resources/command.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { line } from '../../../lib/resources/line.ts';
import { link } from '../../../lib/resources/link.ts';
import { tree } from '../../../lib/resources/tree/index.ts';
import { run } from '../support/cycle.ts';
import { loopHost } from '../support/loop-host.ts';
import { recorder } from '../support/recorder.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

describe.each(SHELLS)('a link under %s', (_name, ...shell) => {
  let dir: string;
  beforeEach(() => {
    dir = scratch();
    mkdirSync(join(dir, 'folder'));
    writeFileSync(join(dir, 'file'), 'kept');
    symlinkSync('folder', join(dir, 'to-folder'));
    symlinkSync('nowhere', join(dir, 'dangling'));
  });
  const at = (name: string) => join(dir, name);
  async function plan(...tasks: Task[]) {
    const host = loopHost({ dir, sink: recorder(), shell });
    await host.makePlan(tasks.map((task) => ({ role: 'role', task })));
    return host;
  }

  it.each<[string, () => Task[], kinds: string[]]>([
    ['is made', () => [link(at('new'), { to: 'file' })], ['create']],
    ['may lead nowhere', () => [link(at('new'), { to: '../gone' })], ['create']],
    ['takes the place of another one', () => [link(at('dangling'), { to: 'file' })], ['update']],
    [
      'takes the place of one to a directory, and is not put into it',
      () => [link(at('to-folder'), { to: 'file' })],
      ['update'],
    ],
    [
      'in a folder that an earlier task makes',
      () => [directory(at('a')), link(at('a/b'), { to: '../file' })],
      ['create', 'create'],
    ],
  ])('%s, and then nothing is due', async (_case, make, kinds) => {
    const host = await plan(...make());
    expect(host.plan.map(({ changes }) => changes[0]?.kind)).toEqual(kinds);
    await host.apply(() => true);
    const task = make().at(-1) as Task;
    expect((await plan(task)).plan[0]?.changes).toEqual([]);
    expect(readlinkSync(task.resource.slice(5))).toBe((task.wish as { to: string }).to);
    expect(readdirSync(at('folder'))).toEqual([]);
  });

  it('leads to a folder that nobody declares: what is put there is judged when its turn comes', async () => {
    const host = await plan(link(at('way'), { to: 'folder' }), file(at('way/a'), { content: 'a' }));
    expect(host.plan[1]?.changes[0]?.certainty).toBe('conditional');
    await host.apply(() => true);
    expect(readFileSync(at('folder/a'), 'utf8')).toBe('a');
  });

  it.each<[string, (path: string) => Task[]]>([
    ['by itself', (path) => [directory(dirname(path)), link(path, { to: '../../common' })]],
    ['of a tree', (path) => [tree(dirname(path), { source: at('source') })]],
  ])('below another one, %s, leads on from where that one leads', async (_case, inner) => {
    mkdirSync(at('source'));
    symlinkSync('../../common', at('source/conf'));
    const host = await plan(
      directory(at('releases/common')),
      directory(at('releases/1')),
      link(at('current'), { to: 'releases/1' }),
      ...inner(at('current/etc/conf')),
      file(at('current/etc/conf/a'), { content: 'a' }),
    );
    expect(host.plan.at(-1)?.changes[0]?.certainty).toBe('certain');
    await host.apply(() => true);
    expect(readFileSync(at('releases/common/a'), 'utf8')).toBe('a');
  });

  const release = (name: string) => [
    directory(at(`releases/${name}`)),
    link(at('current'), { to: `releases/${name}` }),
    directory(at('current/etc')),
    file(at('current/etc/app.conf'), { content: 'new\n' }),
    line(at('current/notes'), { line: 'ours', create: true }),
  ];
  it.each<[string, before: () => void, certainties: string[]]>([
    ['a folder that is made', () => {}, ['certain', 'certain', 'certain', 'certain', 'certain']],
    [
      'another folder than before, which is made',
      () => {
        mkdirSync(at('releases/1/etc'), { recursive: true });
        writeFileSync(at('releases/1/etc/app.conf'), 'new\n');
        symlinkSync('releases/1', at('current'));
      },
      ['certain', 'certain', 'certain', 'certain', 'certain'],
    ],
    [
      'a folder with something in it',
      () => {
        mkdirSync(at('releases/2/etc'), { recursive: true });
        writeFileSync(at('releases/2/etc/app.conf'), 'old\n');
        writeFileSync(at('releases/2/notes'), 'theirs\n');
      },
      ['', 'certain', 'conditional', 'conditional', 'unknown'],
    ],
  ])('carries what lies below it, where it leads to %s', async (_case, before, certainties) => {
    before();
    const host = await plan(...release('2'));
    expect(host.plan.map(({ changes }) => changes[0]?.certainty ?? '')).toEqual(certainties);
    await host.apply(() => true);
    expect(readFileSync(at('releases/2/etc/app.conf'), 'utf8')).toBe('new\n');
    expect((await plan(...release('2'))).plan.flatMap(({ changes }) => changes)).toEqual([]);
  });

  it('shows folders that earlier tasks make after it, also where it stays', async () => {
    const tasks = [
      link(at('to-folder'), { to: 'folder' }),
      directory(at('folder/a')),
      file(at('to-folder/a/b'), { content: '' }),
    ];
    expect((await plan(...tasks)).plan.map(({ changes }) => changes[0]?.kind)).toEqual([
      undefined,
      'create',
      'create',
    ]);
  });

  it.each<[string, () => Task[], RegExp]>([
    ['itself', () => [link(at('a'), { to: 'b' }), link(at('b'), { to: 'a' })], /b will be a link$/],
    ['a file', () => [file(at('a'), { content: '' }), link(at('b'), { to: 'a' })], /b will be a file$/],
    [
      'a folder without the one that is wanted',
      () => [directory(at('a')), link(at('b'), { to: 'a' }), file(at('b/c/d'), { content: '' })],
      /b\/c is missing$/,
    ],
  ])('carries nothing where it leads to %s', async (_case, make, message) => {
    await expect(plan(...make(), file(at('b/x'), { content: '' }))).rejects.toThrow(message);
  });

  it.each<[string, () => Task, RegExp]>([
    ['a file', () => link(at('file'), { to: 'folder' }), /there is a file$/],
    ['a directory', () => link(at('folder'), { to: 'file' }), /there is a directory$/],
    ['a file that it would lead to', () => link(at('file'), { to: 'file' }), /file is the same file$/],
  ])('leaves %s alone', async (_case, make, message) => {
    await expect(plan(make())).rejects.toThrow(message);
    expect([readFileSync(at('file'), 'utf8'), lstatSync(at('folder')).isDirectory()]).toEqual(['kept', true]);
  });
});

it('that a command makes a folder of is none to what is judged after that', async () => {
  const dir = scratch();
  mkdirSync(join(dir, 'rel1'));
  symlinkSync('rel1', join(dir, 'current'));
  const tasks = [
    absent(join(dir, 'rel1'), { recursive: true }),
    command('current is a folder', {
      run: sh`rm -f -- ${join(dir, 'current')} && mkdir -- ${join(dir, 'current')}`,
      unless: sh`[ -d ${join(dir, 'current')} ] && [ ! -L ${join(dir, 'current')} ]`,
    }),
    line(join(dir, 'current/conf'), { line: 'x', create: true }),
  ];
  await run(tasks, { dir });
  expect(readFileSync(join(dir, 'current/conf'), 'utf8')).toBe('x\n');
});
