import { describe, expect, it } from 'vitest';
import { block, flattened } from '../../../lib/dsl/block.ts';
import type { ControlWords } from '../../../lib/dsl/options/words.ts';
import { defineResource } from '../../../lib/dsl/resource.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { absent } from '../../../lib/resources/absent.ts';
import { command } from '../../../lib/resources/command.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { group } from '../../../lib/resources/group.ts';
import { waitFor } from '../../../lib/resources/wait-for.ts';

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

it('a path is one, whatever its spelling, where a resource of one’s own names it', () => {
  const mine = defineResource<object, { path: string }, unknown>({
    kind: 'mine',
    options: {},
    complete: (path) => ({ path }),
    name: ({ path }) => path,
    title: ({ path }) => path,
    thing: ({ path }) => `path ${path}`,
    probe: () => undefined,
    parse: () => ({}),
    diff: () => [],
    apply: () => sh`:`,
    owns: ({ path }) => [path],
    empties: ({ path }) => [path],
    traces: ({ path }) => [{ kind: 'file', name: path }],
  });
  for (const path of ['/etc/x/../y', '//etc/y', '/etc/y/', '/etc/./y']) {
    const { resource, thing, owns, files, empties, marks, traces } = mine(path);
    expect([resource, thing, owns, files, empties]).toEqual([
      'mine:/etc/y',
      'path /etc/y',
      ...[['/etc/y'], ['/etc/y'], ['/etc/y']],
    ]);
    expect([marks?.map(({ name }) => name), traces?.().map(({ name }) => name)]).toEqual([
      ['/etc/y'],
      ['/etc/y'],
    ]);
  }
});

it('what a user expects is the default', () => {
  expect(file('/a', { content: '' }).wish).toEqual({
    path: '/a',
    content: '',
    mode: '0644',
    keepsMode: true,
  });
  expect(directory('/a').wish).toEqual({ path: '/a', mode: '0755', keepsMode: true });
  expect(directory('/a', { owner: 'web', mode: 'u=rwx,go=' }).wish).toMatchObject({
    mode: '0700',
    owner: 'web',
  });
  expect([group('web'), absent('/a')].map(({ resource }) => resource)).toEqual(['group:web', 'absent:/a']);
  expect(after(group('web'))).toEqual(['web']);
});

describe('a control word that no host could follow is told before any contact', () => {
  it.each<[ControlWords, RegExp]>([
    [{ when: 'no' as never }, /^absent "\/a": when is "no", true or false was wanted$/],
    [{ ignoreErrors: 1 as never }, /ignoreErrors is 1, true or false was wanted$/],
    [{ retries: -1 }, /retries is -1, a whole number from 0 was wanted$/],
    [{ retries: 1.5 }, /retries is 1.5, a whole number from 0 was wanted$/],
    [{ delay: Number.NaN }, /delay is null, seconds from 0 was wanted$/],
    [{ timeout: 0 }, /timeout is 0, seconds above 0 was wanted$/],
    [{ environment: { 'A-B': '' } }, /"A-B" is not the name of a variable$/],
    [{ environment: { q_state: '' } }, /"q_state" is not the name of a variable$/],
    [{ becomeUser: 'a b' }, /"a b" is not the name of a user$/],
  ])('%j', (words, message) => {
    expect(() => absent('/a', words)).toThrow(message);
    expect(() => absent('/a', words)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });

  it('is the own option of a resource that has one of that name', () => {
    expect(waitFor('x', { until: sh`true`, timeout: 5, retries: 1 })).toMatchObject({
      wish: { timeout: 5 },
      words: { retries: 1 },
    });
  });
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
    // @ts-expect-error a misspelt control word
    absent('/a', { ignoreError: true }),
    // @ts-expect-error a condition is true or false
    absent('/a', { when: 'yes' }),
    // @ts-expect-error seconds are a number
    absent('/a', { timeout: '30s' }),
    // @ts-expect-error shell, not text
    absent('/a', { until: 'true' }),
    // @ts-expect-error a value of the environment is text
    absent('/a', { environment: { PORT: 80 } }),
    // @ts-expect-error a wait needs its own timeout
    waitFor('x', { until: sh`:` }),
    // @ts-expect-error an option that a group has not
    group('web', { home: '/' }),
    // @ts-expect-error the name comes first
    group({ name: 'web' }),
  ];
}

it.each([0, -1, 0.5, Number.NaN])('a wait of %d seconds is refused', (timeout) => {
  expect(() => waitFor('x', { until: sh`true`, timeout })).toThrow(
    /timeout is .*, a whole number from 1 was wanted$/,
  );
});

it.each([
  ['~/done', /^write the home out/],
  ['done', /^begin it with a slash$/],
  ['', /^begin it with a slash$/],
])('what a command creates is a path: %j is refused', (creates, hint) => {
  expect(() => command('x', { run: sh`true`, creates })).toThrow(
    expect.objectContaining({ exitCode: 1, hint: expect.stringMatching(hint) }),
  );
});

it('a resource knows its own tasks again, in a block too, whatever they are called', () => {
  const task = file('/etc/motd', { content: 'Be kind.\n', title: 'users are greeted' });
  const blocked = flattened([block({ tasks: [task] })])[0]!;
  for (const one of [task, blocked]) {
    expect(file.wishOf(one)).toMatchObject({ path: '/etc/motd', content: 'Be kind.\n' });
    expect(absent.wishOf(one)).toBe(undefined);
  }
  expect(absent.wishOf(absent('/etc/motd'))).toMatchObject({ path: '/etc/motd' });
});
