import { expect, it } from 'vitest';
import { sh } from '../../../lib/dsl/sh.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world.ts';
import { absent } from '../../../lib/resources/absent.ts';
import { command } from '../../../lib/resources/command.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { group } from '../../../lib/resources/group.ts';

const after = (task: Task) => task.diff({ code: 0, out: '' }, new World()).map((change) => change.after);

it('a resource has its name first, then its own options with those of every task', () => {
  const conf = file('/etc//motd', { content: 'Be kind.\n' });
  const task = command('it is loaded', { run: sh`load`, unless: sh`loaded`, title: 'loaded', after: [conf] });
  expect([conf.resource, conf.title]).toEqual([
    'file:/etc/motd',
    '/etc/motd has its content, mode and owner',
  ]);
  expect([task.resource, task.title, task.after]).toEqual(['command:it is loaded', 'loaded', [conf]]);
  expect(task.wish).toEqual({ name: 'it is loaded', run: sh`load`, unless: sh`loaded` });
});

it('what a user expects is the default', () => {
  expect(file('/a', { content: '' }).wish).toEqual({ path: '/a', content: '', mode: '0644' });
  expect(directory('/a').wish).toEqual({ path: '/a', mode: '0755' });
  expect(directory('/a', { owner: 'web', mode: 'u=rwx,go=' }).wish).toMatchObject({
    mode: '0700',
    owner: 'web',
  });
  expect([group('web'), absent('/a')].map(({ resource }) => resource)).toEqual(['group:web', 'absent:/a']);
  expect(after(group('web'))).toEqual(['web']);
});

/** Never run: the compiler holds that each line is red in the editor. */
export function wrong(): readonly Task[] {
  return [
    // @ts-expect-error a file needs its content
    file('/a'),
    // @ts-expect-error a name that no option has
    file('/a', { contents: 'x' }),
    // @ts-expect-error a name that no option has, beside one that is right
    file('/a', { content: 'x', modus: '0644' }),
    // @ts-expect-error a type that no mode has
    directory('/a', { mode: 755 }),
    // @ts-expect-error a way to tell that it is done is missing
    command('x', { run: sh`:` }),
    // @ts-expect-error a name that no task option has
    absent('/a', { afterwards: [] }),
    // @ts-expect-error an option that a group has not
    group('web', { home: '/' }),
    // @ts-expect-error the name comes first
    group({ name: 'web' }),
  ];
}
