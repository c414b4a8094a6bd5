import { describe, expect, it } from 'vitest';
import { wholePlaybook } from '../../../../lib/cli/playbook.ts';
import { block } from '../../../../lib/dsl/block.ts';
import { collecting, is, must, type OptionTable } from '../../../../lib/dsl/options/options.ts';
import { play } from '../../../../lib/dsl/plain-play.ts';
import { defineResource } from '../../../../lib/dsl/resource.ts';
import { role } from '../../../../lib/dsl/role.ts';
import { Secret } from '../../../../lib/dsl/secret.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import { errorsOf } from '../../../../lib/errors.ts';
import * as resources from '../../../../lib/resources/index.ts';

const { archive, command, cron, directory, file, line, mount, packages } = resources;
const { script, service, sudoers, task, textBlock, timer, user } = resources;

/** What JavaScript lets through: `never` fits everywhere. */
const as = (value: unknown) => value as never;
const conf = file('/etc/motd', { content: 'a' });

/** Each mistake as `message / hint`. */
function told(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    return errorsOf(error).map(({ message, hint, exitCode, position }) => {
      expect([exitCode, position?.file], message).toEqual([1, expect.stringMatching(/options\.test\.ts$/)]);
      return hint === undefined ? message : `${message} / ${hint}`;
    });
  }
  return [];
}

describe('what only the compiler would see in a task', () => {
  it.each<[() => unknown, ...string[]]>([
    [
      () => file('/a', as({ content: '', mdoe: '0750' })),
      'file "/a": it has no option mdoe / did you mean mode?',
    ],
    [
      () => file('/a', as({ content: '', vaildate: 1, onwer: 'web' })),
      'file "/a": it has no option vaildate / did you mean validate?',
      'file "/a": it has no option onwer / did you mean owner?',
    ],
    [
      () => directory('/a', as('0755')),
      'directory "/a": its options are "0755", an object was wanted / write { mode: … }',
    ],
    [
      () => directory('/a', as({ mode: 755 })),
      'directory "/a": mode is 755, text was wanted / write it as text in octal, as \'0644\'',
    ],
    [() => directory(as(5)), "directory: name is 5, text was wanted / quote it: name: '5'"],
    [() => file('/a', as({})), 'file "/a": it needs content, source, url or template / give one of them'],
    [
      () => file('/a', as({ content: '', source: './a' })),
      'file "/a": it has content and source, one of them was wanted / leave one out: content, source, url or template',
    ],
    [
      () => file('/a', as({ content: '{{ a }}', values: { a: 1 }, sha256: 'a' })),
      'file "/a": it has values, which belongs to template / leave it out: it has content',
      'file "/a": it has sha256, which belongs to source or url / leave it out: it has content',
    ],
    [
      () => file('/a', as({ content: '', force: true })),
      'file "/a": it has no option force / there are mode, owner, group, sha256, values, validate, replace, title, after, when, ignoreErrors, environment, becomeUser, runOnce, delegateTo, retries, delay, until, timeout',
    ],
    [
      () => file('/a', { content: '', validate: as((path: string) => `visudo -cf ${path}`) }),
      'file "/a": validate gives "visudo -cf /dev/stdin", shell was wanted / write validate: (path) => sh`…`',
    ],
    [
      () => file('/a', { content: '', validate: as(() => undefined) }),
      'file "/a": validate gives undefined, shell was wanted / write validate: (path) => sh`…`',
    ],
    [
      () => file('/a', as({ values: {} })),
      'file "/a": it needs content, source, url or template / give one of them',
    ],
    [() => line('/a', as({})), 'line "/a": line is missing, text was wanted / write line: \'…\''],
    [
      () => line('/a', as({ state: 'absent' })),
      'line "/a": it needs line or match / match: /^port=/ picks the lines that are to go',
    ],
    [() => mount('/a', as({})), 'mount "/a": source is missing, text was wanted'],
    [() => textBlock('/a', as({ name: 'b' })), 'text-block "/a": content is missing, text was wanted'],
    [
      () => archive('/a', as({ source: './a.tgz', url: 'https://a/a.tgz', creates: 'a' })),
      'archive "/a": it has source and url, one of them was wanted / leave one out: source or url',
    ],
    [
      // @ts-expect-error one of them is enough
      () => command('x', { run: sh`:`, creates: '/a', unless: sh`:` }),
      'command "x": it has creates and unless, one of them was wanted / leave one out: creates, unless or changedWhen: \'always\'',
    ],
    [
      () => command('x', as({ run: sh`:` })),
      'command "x": it needs creates, unless or changedWhen: \'always\' / give one of them',
    ],
    [
      () => command('x', as({ run: 'touch x', unless: 'test -e x' })),
      'command "x": run is "touch x", shell was wanted / write run: sh`touch x`',
      'command "x": unless is "test -e x", shell was wanted / write unless: sh`test -e x`',
    ],
    [
      () => command('x', as({ run: sh`:`, changedWhen: true })),
      'command "x": changedWhen is true, "always" was wanted / write changedWhen: \'always\'',
    ],
    [
      () => command('x', as({ creates: '/a' })),
      'command "x": run is missing, shell was wanted / write run: sh`…`',
    ],
    [
      () => script('x', as({ source: './x.sh' })),
      'script "x": it needs creates, unless or changedWhen: \'always\' / give one of them',
    ],
    [
      () => task('x', async () => {}, as(undefined)),
      'task "x": it needs creates, unless or changedWhen: \'always\' / give one of them',
    ],
    [
      () => line('/a', as({ line: 'a', match: '^a/' })),
      'line "/a": match is "^a/", a regular expression was wanted / write match: /^a\\//',
    ],
    [
      () => service('a', as({ reloadOn: conf, after: conf })),
      'service "a": reloadOn is the task "/etc/motd has its content, mode and owner", a list of tasks was wanted / write reloadOn: [ … ] around it',
      'service "a": after is the task "/etc/motd has its content, mode and owner", a list of tasks was wanted / write after: [ … ] around it',
    ],
    [
      () => service('a', as({ state: 'runing' })),
      'service "a": state is "runing", "running" or "stopped" or "any" was wanted / did you mean \'running\'?',
    ],
    [
      () => timer('a', as({ calendar: 'daily', run: 'true' })),
      'timer "a": run is "true", shell was wanted / write run: sh`true`',
    ],
    [
      () => cron('a', as({ schdule: '@daily', run: 'true' })),
      'cron "a": it has no option schdule / did you mean schedule?',
    ],
    [
      () => cron('a', as({ schedule: '@daily', run: 'true', environment: { A: '1' } })),
      'cron "a": environment would not reach the job / write it in front: run: \'NAME=value backup\'',
    ],
    [
      () => timer('a', as({ calendar: 'daily', run: sh`true`, environment: { A: '1' } })),
      'timer "a": environment is an object, nothing was wanted / it would not reach the command: write it in front, run: sh`NAME=value backup`',
    ],
    [() => sudoers('a', as({ rule: '' })), 'sudoers "a": it has no option rule / did you mean rules?'],
    [
      () => packages('a', as({ version: 1 })),
      'packages "a": version is 1, text was wanted / quote it: version: \'1\'',
    ],
    [
      () => user('a', as({ groups: 'sudo', password: 'x' })),
      'user "a": groups is "sudo", a list of text was wanted / write groups: [ … ] around it',
      'user "a": password is ********, a Secret was wanted / write new Secret(…)',
    ],
    [
      () => directory('/a', as({ environment: { PORT: 80 }, retries: '3', whn: true })),
      'directory "/a": it has no option whn / did you mean when?',
      'directory "/a": environment is an object, an object whose values are text or a Secret was wanted',
      'directory "/a": retries is "3", a number was wanted / leave out the quotes: retries: 3',
    ],
    [() => block(as({ task: [], tasks: [] })), 'block: it has no option task / did you mean tasks?'],
  ])('%s', (work, ...messages) => {
    expect(told(work)).toEqual(messages);
  });

  it('what is undefined is not given, and a Secret is as good as text where either may stand', () => {
    expect(
      told(() => file('/a', as({ content: new Secret('x'), mode: undefined, nobody: undefined }))),
    ).toEqual([]);
  });

  it.each(
    Object.entries(resources).filter(
      ([name]) => !['LaterContent', 'LaterFile', 'caCertificate', 'task'].includes(name),
    ),
  )('%s says its options', (_, make) => {
    expect(told(() => (make as (...of: unknown[]) => unknown)('a', { nonsense: 1 }))[0]).toMatch(
      /no option nonsense/,
    );
  });
});

it('a role may catch what its task throws', () => {
  const made = collecting(() => {
    try {
      return [file('/x', { source: './nowhere.conf' })];
    } catch {
      return [file('/x', { content: '' })];
    }
  });
  expect(made).toHaveLength(1);
});

it('a resource of a class is judged with its methods, and has words of its own', () => {
  class Kind {
    readonly kind = 'kind';
    readonly own = ['timeout'] as const;
    probe() {
      return sh`:`;
    }
    complete(name: string, { timeout }: { timeout: string }) {
      return `${name} ${timeout}`;
    }
    name(wish: string) {
      return wish;
    }
    title(wish: string) {
      return wish;
    }
    parse() {
      return undefined;
    }
    diff() {
      return [];
    }
    apply() {
      return sh`:`;
    }
  }
  const kind = defineResource<{ timeout: string }, string, undefined>(new Kind() as never);
  expect(kind('x', { timeout: '30s' }).title).toBe('x 30s');
});

it('all that is wrong with a role is told at once, and nothing that follows from it', () => {
  const wrong = role({
    name: 'web',
    tasks() {
      const site = file('/a', as({ content: '', mdoe: 1 }));
      return [site, service('nginx', { reloadOn: [site] }), command('x', as({ run: sh`:` }))];
    },
  });
  expect(told(() => wrong.tasks({ name: 'a', vars: {}, hostvars: {}, facts: as({}) }))).toEqual([
    'file "/a": it has no option mdoe / did you mean mode?',
    'command "x": it needs creates, unless or changedWhen: \'always\' / give one of them',
  ]);
});

describe('what only the compiler would see in a role', () => {
  it.each<[object, string]>([
    [{ name: 'a', task: () => [] }, 'it has no option task / did you mean tasks?'],
    [{ name: 'a', tasks: [] }, 'tasks is a list, a function was wanted'],
    [
      { name: 'a', facts: ['distrbution'], tasks: () => [] },
      'there is no fact distrbution / did you mean distribution?',
    ],
    [{ name: 'a', vras: {}, tasks: () => [] }, 'it has no option vras / did you mean vars?'],
    [
      { name: 'a', vars: { x: 'text' }, tasks: () => [] },
      'variable x: schema is "text", an object was wanted',
    ],
    [
      { name: 'a', vars: { x: { optional: 'yes' } }, tasks: () => [] },
      'variable x: optional is "yes", true or false was wanted / compare: optional: a === b',
    ],
  ])('%j', (definition, message) => {
    const wrong = role(as(definition));
    expect(told(() => wrong.tasks({ name: 'a', vars: {}, hostvars: {}, facts: as({}) }))).toEqual([message]);
  });
});

describe('what only the compiler would see in a play', () => {
  const web = role({ name: 'web', tasks: () => [] });
  it.each<[object, string]>([
    [{ host: 'all', roles: [web] }, 'play: it has no option host / did you mean hosts?'],
    [
      { roles: [web] },
      "play: hosts is missing, text was wanted / name a host, a group or a pattern: hosts: 'web'",
    ],
    [{ hosts: 'all', role: [web] }, 'play: it has no option role / did you mean roles?'],
    [
      { hosts: 'all', roles: web },
      'play: roles is an object, a list of roles was wanted / write roles: [ … ] around it',
    ],
    [
      { hosts: 'all', roles: ['web'] },
      'play: roles is a list, a list of roles was wanted / role({ … }) makes one',
    ],
    [{ hosts: 'all', roles: [web], serail: 1 }, 'play: it has no option serail / did you mean serial?'],
  ])('%j', (plain, message) => {
    const plays = [play(as(plain))];
    expect(told(() => wholePlaybook({ plays }))).toEqual([message]);
  });
});

it('a resource of a user says its options, and is judged itself', () => {
  const parts = {
    kind: 'value',
    complete: (name: string, options: { value: number }) => ({ name, ...options }),
    name: () => 'x',
    title: () => 'x',
    probe: () => undefined,
    parse: () => 0,
    diff: () => [],
    apply: () => sh`:`,
  };
  const value = defineResource({ ...parts, options: { value: must(is.number) } });
  expect(told(() => value('x', as({ value: '3' })))).toEqual([
    'value "x": value is "3", a number was wanted / leave out the quotes: value: 3',
  ]);
  expect(told(() => value('x', as({ valeu: 3 })))).toEqual([
    'value "x": it has no option valeu / did you mean value?',
  ]);
  const { parse: _, ...some } = parts;
  expect(told(() => defineResource(as({ ...some, prase: () => 0 })))).toEqual([
    'defineResource: it has no option prase / did you mean parse?',
  ]);
  expect(told(() => defineResource(parts)('x', as({ value: 1, title: 5 })))).toEqual([
    'value "x": title is 5, text was wanted / quote it: title: \'5\'',
  ]);
});

/** Never run: the compiler holds that a table is whole and right. */
export const tables: readonly OptionTable<{ readonly run: string; readonly mode?: string }>[] = [
  // @ts-expect-error one is missing
  { run: must(is.text) },
  // @ts-expect-error one is too many
  { run: must(is.text), mode: is.text, owner: is.text },
  // @ts-expect-error of another type
  { run: must(is.text), mode: is.number },
  // @ts-expect-error narrower than its type
  { run: must(is.text), mode: is.one('0644') },
  // @ts-expect-error it has to be given
  { run: is.text, mode: is.text },
  // @ts-expect-error it may be left out
  { run: must(is.text), mode: must(is.text) },
];
