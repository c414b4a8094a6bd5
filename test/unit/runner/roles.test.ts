import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import type { HostFacts } from '../../../lib/dsl/host-facts.ts';
import { plainPlay } from '../../../lib/dsl/plain-play.ts';
import { defineResource } from '../../../lib/dsl/resource.ts';
import { type Role, role } from '../../../lib/dsl/role.ts';
import { Secret } from '../../../lib/dsl/secret.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { absent } from '../../../lib/resources/absent.ts';
import { assert } from '../../../lib/resources/assert.ts';
import { command } from '../../../lib/resources/command.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { group } from '../../../lib/resources/group.ts';
import { link } from '../../../lib/resources/link.ts';
import { service } from '../../../lib/resources/service/index.ts';
import { task } from '../../../lib/resources/task.ts';
import { startRun } from '../../../lib/runner/run.ts';
import { recorder } from '../support/recorder.ts';
import { WHOLE_RUN } from '../support/run-options.ts';
import { scratch } from '../support/scratch.ts';
import { shellHost } from '../support/shell-host.ts';

const HERE = fileURLToPath(import.meta.url);

/** Runs roles on hosts; what was said, and whether any host was contacted. */
async function run(
  roles: readonly Role<HostFacts>[],
  vars: Record<string, unknown> = {},
  ordinary = true,
  only?: string,
) {
  const dir = scratch();
  const sink = recorder();
  let contacted = false;
  const hosts = ['web1', 'web2'].map((name) => ({
    name,
    groups: [],
    vars: { ansible_connection: 'local', inventory_dir: dir, ...vars },
    async connect() {
      contacted = true;
      return shellHost(['sh'], name);
    },
  }));
  const play = plainPlay({ name: 'play', hosts: 'all', roles });
  const gather = ordinary ? play.gather : { probe: play.gather.probe, parse: play.gather.parse };
  const code = await startRun(
    { name: 'book', description: '', plays: [{ ...play, gather }] },
    {
      ...WHOLE_RUN,
      select: () => hosts,
      groups: new Map([
        ['web', ['web1', 'web2']],
        ['db', ['db1']],
      ]),
      roles: { includes: (name) => (only ?? name) === name, explicit: only !== undefined },
      sink,
    },
  ).done;
  const errors = sink.events.flatMap((event) => (event.event === 'error' ? [event] : []));
  const said = sink.events.flatMap((event) =>
    event.event === 'log' ? [[event.level, event.host, event.message]] : [],
  );
  return { code, errors, said, contacted, message: errors[0]?.message ?? '', first: errors[0] };
}

/** The number of the line of this file that has a mark. */
const lineOf = (mark: string) =>
  readFileSync(HERE, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(`// here: ${mark}`)) + 1;

const of = (tasks: () => unknown, name = 'web') =>
  role({ name, description: '', tasks: tasks as () => Task[] });
const motd = (more = {}) => file('/etc/motd', { content: 'a\n', mode: '0644', ...more });

describe('a role that an ordinary host cannot have', () => {
  const NAMES: Record<string, string> = { redhat: '/etc/httpd' };
  it.each<[string, Role<HostFacts>]>([
    [
      'throws for other systems than its own',
      role({
        name: 'web',
        facts: ['family'],
        tasks: ({ facts }) => {
          if (facts.family === 'debian') throw new Error('for RHEL only');
          return [];
        },
      }),
    ],
    [
      'knows names of its own system alone',
      role({
        name: 'web',
        facts: ['family'],
        tasks: ({ facts }) => [directory(NAMES[facts.family] as string)],
      }),
    ],
    [
      'needs what another host says',
      role({
        name: 'web',
        tasks: ({ hostfacts }) => [motd({ owner: (hostfacts.db1 as HostFacts).version })],
      }),
    ],
    [
      'asks which hosts were read',
      role({
        name: 'web',
        tasks: ({ hostfacts }) => {
          if (!('web1' in hostfacts)) throw new Error('web1 was not read');
          return [];
        },
      }),
    ],
    [
      'goes through what all hosts say',
      role({
        name: 'web',
        tasks: ({ hostfacts }) => {
          if (Object.keys(hostfacts).length === 0) throw new Error('nobody was read');
          return [];
        },
      }),
    ],
    [
      'wants a disk',
      role({
        name: 'web',
        facts: ['mounts'],
        tasks: ({ facts }) => {
          const disk = facts.mounts.find(({ path }) => path === '/') as HostFacts['mounts'][number];
          return disk.type === 'never' ? [motd()] : [];
        },
      }),
    ],
  ])('is judged by the facts of its hosts: it %s', async (_why, web) => {
    expect(await run([web])).toMatchObject({ contacted: true });
  });

  it('is warned of once where it asks for facts that the run has not read', async () => {
    const peers = role({
      name: 'web',
      tasks: ({ groups, hostfacts }) => {
        for (const name of [...(groups.web ?? []), ...(groups.db ?? []), 'nobody']) hostfacts[name]?.kernel;
        return [];
      },
    });
    const { code, said } = await run([peers]);
    expect(code).toBe(0);
    expect(said).toEqual([
      [
        'warning',
        undefined,
        expect.stringMatching(/^role web asks for facts of db1, which this run has not/),
      ],
    ]);
    const every = role({ name: 'all', tasks: ({ hostfacts }) => Object.keys(hostfacts).flatMap(() => []) });
    expect((await run([every])).said).toEqual([]);
  });

  it('is told of all the same where no fact could mend it, and so are the roles after it', async () => {
    const never = role({
      name: 'web',
      facts: ['family'],
      tasks: ({ facts }) => [motd({ owner: facts.family, mdoe: '0600' })],
    });
    const suse = role({
      name: 'suse',
      facts: ['family'],
      tasks: ({ facts }) => {
        throw new Error(facts.family);
      },
    });
    expect(await run([suse, never])).toMatchObject({
      code: 1,
      contacted: false,
      message: expect.stringMatching(/role web is wrong: .*mdoe/),
    });
  });
});

describe('a role that is wrong is told before any host is contacted', () => {
  const fails = (): Task[] => {
    throw new TypeError('cannot read x'); // here: thrown
  };
  const WRONG: readonly (readonly [name: string, role: Role<HostFacts>, message: RegExp])[] = [
    [
      'throws',
      role({ name: 'web', description: '', tasks: () => fails() }),
      /cannot be built: TypeError: cannot read x$/,
    ],
    [
      'throws what is not an error',
      of(() => {
        throw 'up';
      }),
      /cannot be built: up$/,
    ],
    ['is async', of(async () => [motd()]), /gives a Promise, a list of tasks was wanted$/],
    ['gives nothing', of(() => undefined), /gives undefined, a list/],
    [
      'has undefined in its list',
      of(() => [motd(), undefined]),
      /has undefined in its list of tasks \(number 2, after "\/etc\/motd has/,
    ],
    ['has a Promise in its list', of(() => [Promise.reject(new Error('x'))]), /has a Promise in its list/],
    ['has false in its list', of(() => [false]), /has the boolean false in its list/],
    ['has a list in its list', of(() => [[motd()]]), /has a list in its list/],
    [
      'has a secret in a text',
      of(() => [motd({ content: `token=${new Secret('hunter22')}\n` })]),
      /is wrong: a Secret is put into text/,
    ],
    [
      'has a secret in JSON',
      of(() => [motd({ content: JSON.stringify({ token: new Secret('hunter22') }) })]),
      /is wrong: a Secret is put into text/,
    ],
    [
      'has a secret in shell',
      of(() => [
        command('x', { run: sh`login ${new Secret('hunter22') as unknown as string}`, unless: sh`false` }),
      ]),
      /is wrong: a Secret is put into shell/,
    ],
    [
      'has what runs always twice',
      of(() => ['a', 'b'].map(() => command('count', { run: sh`date`, changedWhen: 'always' }))),
      /has "count" twice in its list of tasks$/,
    ],
    [
      'has what runs always twice',
      of(() => ['a', 'b'].map(() => command('count', { run: sh`date`, changedWhen: 'always' }))),
      /has "count" twice in its list of tasks$/,
    ],
    ['wants a mode that is none', of(() => [motd({ mode: 'rw' })]), /is wrong: mode "rw" does not say/],
    [
      'wants a path that is none',
      of(() => [directory('x\ny', { mode: '0755' })]),
      /is not an absolute path$/,
    ],
  ];
  it.each(WRONG)('%s', async (name, wrong, message) => {
    const { code, contacted, errors, first } = await run([wrong]);
    expect([code, contacted, errors.length]).toEqual([1, false, 1]);
    expect(first?.message).toMatch(/^web1: role web /);
    expect(first?.message).toMatch(message);
    expect(first?.position?.file).toMatch(/roles\.test\.ts$/);
    if (name === 'throws') expect(first?.position?.line).toBe(lineOf('thrown'));
  });

  it('and after contact where only real facts bring it out: 2 for the host, and nothing is applied', async () => {
    const { code, contacted, message } = await run([of(() => [undefined])], {}, false);
    expect([code, contacted]).toEqual([2, true]);
    expect(message).toMatch(/^web1: role web has undefined/);
  });
});

describe('variables', () => {
  const greets = role({
    name: 'greets',
    description: '',
    vars: {
      who: { type: 'string', required: true },
      times: { type: 'integer', default: 1 },
      how: { enum: ['loud', 'low'], default: 'low' },
      names: { type: 'array', items: { type: 'string' }, default: [] },
      perhaps: { type: 'boolean', optional: true },
    },
    tasks({ vars }) {
      const who: string = vars.who;
      const times: number = vars.times;
      const how: 'loud' | 'low' = vars.how;
      const names: readonly string[] = vars.names;
      // @ts-expect-error a variable that is not declared
      const missing = (): unknown => vars.whom;
      // @ts-expect-error a number is not text
      const text: string = vars.times;
      // @ts-expect-error it may be missing
      const sure: boolean = vars.perhaps;
      if (vars.who === 'nobody') missing();
      return [
        command(`${who} ${times} ${how} ${names} ${text} ${sure}`, { run: sh`:`, changedWhen: 'always' }),
      ];
    },
  });

  it('have the types of what is in them', () => {
    role({
      name: 'typed',
      vars: {
        users: {
          type: 'array',
          items: {
            type: 'object',
            required: ['name'],
            properties: {
              name: { type: 'string' },
              uid: { type: 'integer' },
              shell: { type: 'string', default: '/bin/sh' },
            },
          },
        },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        port: { type: ['integer', 'null'] },
      },
      tasks({ vars }) {
        const names: readonly string[] = vars.users.map(({ name, shell }) => `${name} ${shell}`);
        const labels: Readonly<Record<string, string>> = vars.labels;
        const port: number | null = vars.port;
        // @ts-expect-error no user needs one
        const uids: readonly number[] = vars.users.map(({ uid }) => uid);
        return [names, labels, port, uids].flatMap(() => []);
      },
    });
  });

  it('that have no default must be set', async () => {
    const { code, contacted, first, errors } = await run([greets]);
    expect([code, contacted, errors.length]).toEqual([1, false, 1]);
    expect(first).toMatchObject({
      message: 'web1: role greets needs who, which is not set',
      hint: expect.stringContaining('optional: true'),
      position: { file: expect.stringMatching(/roles\.test\.ts$/) },
    });
    expect((await run([greets], { who: 'world' })).code).toBe(0);
  });

  it('that nobody declared are not an empty text', async () => {
    const { code, contacted, message, first } = await run([greets], { who: 'nobody' });
    expect([code, contacted]).toEqual([1, false]);
    expect(message).toBe(
      'web1: role greets is wrong: it reads the variable whom, which greets does not declare',
    );
    expect(first?.position?.line).toBeGreaterThan(0);
  });
});

it('what a role writes to the console is in the log, once a host, and nowhere else', async () => {
  const write = vi.spyOn(console, 'log');
  const talks = role({
    name: 'talks',
    description: '',
    facts: ['kernel'],
    tasks({ name, facts }) {
      console.log('hello %s\nfrom', name, typeof facts.kernel);
      return [];
    },
  });
  const { code, said } = await run([talks]);
  expect([code, write.mock.calls]).toEqual([0, []]);
  write.mockRestore();
  expect(said.toSorted()).toEqual(
    ['web1', 'web2'].flatMap((name) => [
      ['info', name, 'from string'],
      ['info', name, `hello ${name}`],
    ]),
  );
});

describe('facts', () => {
  it('that a role did not ask for are not an empty text, also where another role did', async () => {
    const asks = role({ name: 'asks', description: '', facts: ['kernel'], tasks: () => [] });
    const reads = role({
      name: 'reads',
      description: '',
      facts: ['cpus'],
      tasks: ({ facts }) => [motd({ content: `${(facts as unknown as HostFacts).kernel}` })],
    });
    const { code, contacted, first } = await run([asks, reads]);
    expect([code, contacted]).toEqual([1, false]);
    expect(first).toMatchObject({
      message: 'web1: role reads is wrong: it reads the fact kernel, which reads does not ask for',
      hint: "ask for it: facts: ['cpus', 'kernel']",
    });
  });

  it('and variables of other hosts are within reach, all read before any role is built for real', async () => {
    const seen: unknown[] = [];
    const looks = role({
      name: 'looks',
      description: '',
      facts: ['kernel'],
      tasks({ host, groups, hostvars, hostfacts }) {
        const others = groups.web?.filter((name) => name !== host.name) ?? [];
        for (const name of others) {
          seen.push([name, host.groups, hostvars[name]?.who, typeof hostfacts[name]?.kernel]);
        }
        return [];
      },
    });
    expect((await run([looks], { who: 'world' })).code).toBe(0);
    expect(seen.slice(-2)).toEqual([
      ['web2', ['web'], 'world', 'string'],
      ['web1', ['web'], 'world', 'string'],
    ]);
  });
});

describe('two tasks that want one thing', () => {
  const run1 = (text: string) => command('same', { run: sh`echo ${text}`, unless: sh`true` });
  const body = async () => {};
  const OTHER: readonly (readonly [name: string, one: () => Task, other: () => Task])[] = [
    ['another mode', () => motd(), () => motd({ mode: '0600' })],
    ['another owner', () => motd({ owner: 'root' }), () => motd({ owner: 'web' })],
    ['other content', () => motd(), () => motd({ content: 'b\n' })],
    [
      'another assertion of one name',
      () => assert('x', { that: sh`true`, message: 'x' }),
      () => assert('x', { that: sh`false`, message: 'x' }),
    ],
    [
      'another secret',
      () => motd({ content: new Secret('one') }),
      () => motd({ content: new Secret('two') }),
    ],
    ['another run', () => run1('a'), () => run1('b')],
    ['another kind at one path', () => motd(), () => directory('/etc/motd/', { mode: '0755' })],
    ['nothing at one path, and a file', () => absent('/etc/motd'), () => motd()],
    ['a link at one path, and nothing', () => link('/etc/motd', { to: 'x' }), () => absent('/etc/motd')],
    [
      'another function',
      () => task('t', async () => {}, { unless: sh`true` }),
      () => task('t', body, { unless: sh`true` }),
    ],
  ];
  it.each(OTHER)('differently are told before any contact: %s', async (_name, one, other) => {
    const { code, contacted, message, errors } = await run([
      of(() => [one()], 'first'),
      of(() => [other()], 'second'),
    ]);
    expect([code, contacted, errors.length]).toEqual([1, false, 1]);
    expect(message).toMatch(/^web1: ".*" of role first and ".*" of role second want different things of /);
    expect((await run([of(() => [one(), other()])])).code).toBe(1);
  });

  const SAME: readonly (readonly [name: string, one: () => Task, other: () => Task])[] = [
    ['a group', () => group('root'), () => group('root')],
    ['a command', () => run1('a'), () => run1('a')],
    [
      'an assertion, each with what it says of it',
      () => assert('x', { that: sh`true`, message: 'one', hint: 'a' }),
      () => assert('x', { that: sh`true`, message: 'other', exitCode: 3 }),
    ],
    [
      'a mode by another spelling',
      () => directory('/etc/', { mode: '755' }),
      () => directory('/etc', { mode: '0755' }),
    ],
    [
      'a mode that one of them leaves open',
      () => directory('/etc'),
      () => directory('/etc', { mode: '0755' }),
    ],
    ['a function', () => task('t', body, { unless: sh`true` }), () => task('t', body, { unless: sh`true` })],
  ];
  it.each(SAME)('alike are one: %s', async (_name, one, other) => {
    const sink = await run([of(() => [one()], 'first'), of(() => [other()], 'second')]);
    expect(sink.errors).toEqual([]);
  });
});

describe('an error in a resource of a user', () => {
  const broken = (part: string) => {
    const at = <T>(where: string, value: T): T => {
      if (part === where) throw new TypeError(`no ${part}`); // here: resource
      return value;
    };
    return defineResource<object, object, string>({
      kind: 'mine',
      complete: () => ({}),
      name: () => 'x',
      title: () => 'mine is so',
      probe: () => sh`:`,
      parse: ({ out }) => at('parse', out),
      diff: () => at('diff', [{ kind: 'update' as const, property: 'p', before: 'a', after: 'b' }]),
      prepare: async () => at('prepare', {}),
      apply: () => at('apply', sh`:`),
    })('x');
  };
  it.each(['parse', 'diff', 'prepare', 'apply'])(
    'in its %s fails its host, and says where it is',
    async (part) => {
      const { code, errors } = await run([of(() => [broken(part)])]);
      expect(code).toBe(2);
      expect(errors.map(({ message }) => message).sort()).toEqual(
        ['web1', 'web2'].map((name) => `${name}: mine is so: role web fails: TypeError: no ${part}`),
      );
      expect(errors[0]?.position).toMatchObject({
        file: expect.stringMatching(/roles\.test\.ts$/),
        line: lineOf('resource'),
      });
    },
  );

  it.each<[string, Partial<Record<string, () => unknown>>, number, string]>([
    [
      'a Promise of differences',
      { diff: async () => [] },
      2,
      'diff of mine gives a Promise, a list of differences was wanted',
    ],
    [
      'a difference that is none',
      { diff: () => [null] },
      2,
      'diff of mine gives null, a difference was wanted',
    ],
    [
      'text in place of shell to apply',
      { apply: () => 'true' },
      2,
      'apply of mine gives "true", shell was wanted',
    ],
    ['nothing to apply', { apply: () => undefined }, 2, 'apply of mine gives undefined, shell was wanted'],
    [
      'text in place of a probe',
      { probe: () => 'true' },
      1,
      'role web is wrong: probe of mine gives "true", shell was wanted',
    ],
    ...(
      [
        ['complete', async () => ({}), 'a Promise, a wish'],
        ['owns', () => '/etc/x', '"/etc/x", a list of text'],
        ['files', () => [3], '3, text'],
        ['empties', () => '/etc/x', '"/etc/x", a list of text'],
        ['thing', () => 3, '3, text'],
        ['marks', () => [{ name: '/etc/x' }], 'an object, a mark'],
        ['needs', () => [undefined], 'undefined, a task'],
        ['after', () => 'all', `"all", a list of tasks or 'any'`],
        ['lookSeconds', () => '3', '"3", a number of seconds'],
        ['guard', () => ({ save: sh`:` }), 'an object, a guard'],
      ] as const
    ).map(([part, gives, what]): [string, Partial<Record<string, () => unknown>>, number, string] => [
      `something else as its ${part}`,
      { [part]: gives },
      1,
      `role web is wrong: ${part} of mine gives ${what} was wanted`,
    ]),
    [
      'a certainty that is none',
      { diff: () => [{ kind: 'update', property: 'p', before: 'a', after: 'b', certainty: 'sure' }] },
      2,
      'diff of mine gives an object, a difference was wanted',
    ],
    [
      'a Promise of a state',
      { parse: async () => ({}) },
      2,
      'parse of mine gives a Promise, what it read was wanted',
    ],
    [
      'a transfer that is none',
      { prepare: async () => ({ transfers: [{ source: '/x' }] }) },
      2,
      'prepare of mine gives an object, an object of values and transfers was wanted',
    ],
    [
      'no title',
      { title: () => undefined },
      1,
      'role web is wrong: title of mine gives undefined, text was wanted',
    ],
  ])('whose resource gives %s is told so, and where that is', async (_name, parts, exitCode, said) => {
    const wrong = defineResource<object, object, object>({
      kind: 'mine',
      complete: () => ({}),
      name: () => 'x',
      title: () => 'mine is so',
      probe: () => undefined,
      parse: () => ({}),
      diff: () => [{ kind: 'update', property: 'p', before: 'a', after: 'b' }],
      apply: () => sh`:`,
      ...(parts as object),
    });
    const { code, message, errors } = await run([of(() => [wrong('x')])]);
    expect([code, message]).toEqual([exitCode, `web1: ${said}`]);
    expect(errors[0]?.position?.file).toMatch(/roles\.test\.ts$/);
  });

  describe('a task that names another one', () => {
    const conf = () => file('/tmp/quorate-conf', { content: '' });
    const loaded = (after: Task) => command('loaded', { run: sh`:`, unless: sh`:`, after: [after] });
    const reloads = (on: Task) => service('site', { reloadOn: [on] });
    const of = (...tasks: Task[]) => role({ name: 'site', description: '', tasks: () => tasks });

    it.each([
      [
        'is not in the list',
        () => of(loaded(conf())),
        '"loaded" names "/tmp/quorate-conf has its content, mode and owner", which is not in the list',
      ],
      [
        'stands behind it',
        () => of(reloads(conf()), conf()),
        '"site is enabled and running" names "/tmp/quorate-conf has its content, mode and owner", which stands after it',
      ],
    ])('which %s is told before any contact, with its line', async (_what, make, message) => {
      const { code, contacted, first } = await run([make()]);
      expect([code, contacted, first?.message]).toEqual([1, false, `web1: role site: ${message}`]);
      expect(HERE.endsWith(first?.position?.file ?? 'none')).toBe(true);
    });

    it('is fine where that is skipped, or stands in a role before', async () => {
      const one = role({
        name: 'one',
        description: '',
        tasks: () => [file('/tmp/quorate-conf', { content: '', when: false })],
      });
      expect((await run([one, of(loaded(conf()))])).code).toBe(0);
    });

    it('may name one of a role that is left out', async () => {
      const one = role({ name: 'one', description: '', tasks: () => [conf()] });
      const { code } = await run([one, of(loaded(conf()))], {}, true, 'site');
      expect(code).toBe(0);
    });
  });
});
