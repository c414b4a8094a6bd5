import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Task } from '../../../lib/dsl/task.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { link } from '../../../lib/resources/link.ts';
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

  it.each<[string, () => Task, RegExp]>([
    ['a file', () => link(at('file'), { to: 'folder' }), /there is a file$/],
    ['a directory', () => link(at('folder'), { to: 'file' }), /there is a directory$/],
    ['a file that it would lead to', () => link(at('file'), { to: 'file' }), /file is the same file$/],
  ])('leaves %s alone', async (_case, make, message) => {
    await expect(plan(make())).rejects.toThrow(message);
    expect([readFileSync(at('file'), 'utf8'), lstatSync(at('folder')).isDirectory()]).toEqual(['kept', true]);
  });
});
