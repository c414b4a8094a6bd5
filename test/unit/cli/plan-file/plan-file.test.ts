import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostsOfShard } from '../../../../lib/cli/flags/shard.ts';
import { COST } from '../../../../lib/cli/plan-file/digests.ts';
import type { Plan } from '../../../../lib/cli/plan-file/format.ts';
import { readPlan } from '../../../../lib/cli/plan-file/read.ts';
import { Project } from '../../support/project.ts';
import { scratch } from '../../support/scratch.ts';
import { BARE } from './plan.ts';

/** Two plays, the second in batches, with a secret, what only the run can know, and what hangs on it. */
const SITE = `
const site = role({
  name: 'site',
  description: 'a site',
  vars: {
    text: { type: 'string', default: 'hello' },
    site_password: { type: 'string', default: 'correct horse battery' },
  },
  tasks: ({ vars, name }) => [
    directory(dir + '/' + name, { mode: '0755' }),
    file(dir + '/' + name + '/text', { content: vars.text + '\\n' }),
    file(dir + '/' + name + '/key', { content: new Secret(vars.site_password), mode: '0600' }),
    command('it is counted', { run: sh\`echo \${vars.text} >>\${dir + '/' + name + '/count'}\`, creates: dir + '/' + name + '/count' }),
  ],
});
const later = role({
  name: 'later',
  description: 'comes later',
  tasks: ({ name }) => [
    command('it is ready', {
      run: sh\`cp \${dir + '/' + name + '/text'} \${dir + '/' + name + '/ready'}\`,
      unless: sh\`cmp -s \${dir + '/' + name + '/text'} \${dir + '/' + name + '/ready'}\`,
    }),
    file(dir + '/' + name + '/last', { content: 'x\\n' }),
  ],
});
await playbook(import.meta, {
  plays: [play({ hosts: 'all', roles: [site] }), play({ hosts: 'all', roles: [later], serial: 1 })],
});
`;

/** One play, so that the run itself is what is compared. */
const SIMPLE = SITE.replace(/, play\(\{ hosts: 'all', roles: \[later\], serial: 1 \}\)/, '');

describe.each([
  ['of one batch', SIMPLE],
  ['of several plays and batches', SITE],
])('a plan %s', (_, body) => {
  it('is carried out as it was shown, and is empty then', () => {
    const project = new Project(body);
    const made = project.run('--plan-out', 'p.json');
    expect([made.status, made.stderr]).toEqual([0, '']);
    expect(statSync(join(project.dir, 'p.json')).mode & 0o777).toBe(0o600);
    expect(project.has('made/a')).toBe(false);
    expect(project.read('p.json')).not.toContain('correct horse');
    const applied = project.run('--apply', 'p.json');
    expect([applied.status, applied.stderr]).toEqual([0, '']);
    expect(project.read('made/b/text')).toBe('hello\n');
    expect(project.run('--plan-out', 'p.json', '--detailed-exitcode').status).toBe(0);
    const again = project.run('--apply', 'p.json', '--output', 'json');
    expect(again.status).toBe(0);
    expect(again.stdout).toContain('"changed":0');
  });

  it('is refused with 3 after drift on one host, and nothing is changed on any', () => {
    const project = new Project(body);
    expect(project.run().status).toBe(0);
    unlinkSync(join(project.dir, 'made/a/count'));
    unlinkSync(join(project.dir, 'made/b/text'));
    expect(project.run('--plan-out', 'p.json').status).toBe(0);
    chmodSync(join(project.dir, 'made/b/key'), 0o644);
    const { status, stderr } = project.run('--apply', 'p.json');
    expect(status).toBe(3);
    expect(stderr).toContain('b: ');
    expect(stderr).toContain('made/b/key');
    expect(stderr).toContain('mode: planned: nothing to do; now: update 0644 → 0600');
    expect(stderr).toContain('nothing was changed');
    expect([project.has('made/a/count'), project.has('made/b/text')]).toEqual([false, false]);
  });
});

it('a plan says of what keeps it from being carried out how to go on: another folder, and what is done already', () => {
  const project = new Project(SIMPLE);
  expect(project.run('--plan-out', 'p.json').status).toBe(0);
  const away = spawnSync(process.execPath, ['../web.js', '--apply', '../p.json'], {
    cwd: join(project.dir, 'made'),
    encoding: 'utf8',
  });
  expect([away.status, away.stderr]).toEqual([
    3,
    expect.stringMatching(/made in a folder that has web\.js, inventory\.yaml\n {2}hint: carry it out there/),
  ]);
  expect(project.run('--apply', 'p.json').status).toBe(0);
  const { status, stderr } = project.run('--apply', 'p.json');
  expect([status, stderr]).toEqual([
    3,
    expect.stringContaining('was it carried out before, or made with an -e'),
  ]);
});

it('a plan of two plays of one name is carried out: they are told apart', () => {
  const named = SITE.replaceAll("play({ hosts: 'all',", "play({ name: 'web', hosts: 'all',");
  const project = new Project(named);
  expect(project.run('--plan-out', 'p.json').status).toBe(0);
  const { tasks } = readPlan(join(project.dir, 'p.json'));
  expect([...new Set(tasks.map(({ play }) => play))]).toEqual(['web', 'web (2)']);
  const { status, stderr } = project.run('--apply', 'p.json');
  expect([status, stderr]).toEqual([0, '']);
  expect(project.has('made/b/last')).toBe(true);
  expect(project.run('--show-script', 'a').stdout).toContain('# play web (2): ');
});

describe('the place of a plan', () => {
  it('may be a symbolic link: what it leads to is written', () => {
    const project = new Project(SIMPLE);
    mkdirSync(join(project.dir, 'plans ü'));
    symlinkSync('plans ü/p.json', join(project.dir, 'p.json'));
    for (const _ of ['it leads to nothing yet', 'it leads to a plan']) {
      const { status, stderr } = project.run('--plan-out', 'p.json');
      expect([status, stderr]).toEqual([0, '']);
      expect(lstatSync(join(project.dir, 'p.json')).isSymbolicLink()).toBe(true);
      expect(readPlan(join(project.dir, 'plans ü/p.json')).playbook).toBe('web');
    }
  });

  it.each([
    ['-', 'takes a file, not -'],
    ['pipe', 'it is a device or a pipe'],
    ['null', 'it is a device or a pipe'],
  ])('is no %s: 1 before any contact, and it stays what it is', (place, why) => {
    const project = new Project(SIMPLE);
    spawnSync('mkfifo', [join(project.dir, 'pipe')]);
    symlinkSync('/dev/null', join(project.dir, 'null'));
    const { status, stdout, stderr } = project.run('--plan-out', place);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(why);
    expect(lstatSync(join(project.dir, 'pipe')).isFIFO()).toBe(true);
    expect(project.has('-')).toBe(false);
  });
});

describe('a plan is refused with 3, and nothing is changed,', () => {
  it('where a variable, what runs, or a secret is another one now', () => {
    const project = new Project(SITE);
    expect(project.run('--plan-out', 'p.json').status).toBe(0);
    for (const [arg, ...said] of [
      ['text=other', 'made/a/text', 'content', 'it is counted', 'what is wanted is another'],
      ['site_password=another-one-9', 'made/a/key', 'another secret'],
    ] as const) {
      const { status, stderr } = project.run('--apply', 'p.json', '-e', arg);
      expect(status).toBe(3);
      for (const one of said) expect(stderr).toContain(one);
      expect(stderr).not.toMatch(/another-one-9|correct horse/);
    }
    expect(project.has('made/a')).toBe(false);
    // The same comparison alone.
    expect(project.run('--apply', 'p.json', '--check').status).toBe(0);
    expect(project.has('made/a')).toBe(false);
  });

  it('where the secret on a host is another one than was found', () => {
    const project = new Project(SIMPLE, ['a']);
    expect(project.run().status).toBe(0);
    writeFileSync(join(project.dir, 'made/a/key'), 'by hand 1');
    expect(project.run('--plan-out', 'p.json').status).toBe(0);
    writeFileSync(join(project.dir, 'made/a/key'), 'by hand 2');
    const { status, stderr } = project.run('--apply', 'p.json');
    expect([status, stderr.includes('another secret in what is there')]).toEqual([3, true]);
    expect(project.read('made/a/key')).toBe('by hand 2');
  });

  it('where the inventory, the code or the version is another one, which is named', () => {
    const project = new Project(SIMPLE);
    expect(project.run('--plan-out', 'p.json').status).toBe(0);
    const [inventory, code, plan] = ['inventory.yaml', 'web.js', 'p.json'].map((name) => project.read(name));
    const refused = (said: string) => {
      const { status, stderr } = project.run('--apply', 'p.json');
      expect([status, stderr]).toEqual([3, expect.stringContaining(said)]);
    };
    project.inventory(['a', 'b'], { unused: 1 });
    mkdirSync(join(project.dir, 'group_vars'));
    project.write('group_vars/all.yaml', 'unused: 1\n');
    project.write('web.js', `${code}\n// changed\n`);
    refused('the code file web.js has changed; the inventory file inventory.yaml has changed');
    project.write('inventory.yaml', inventory ?? '');
    project.write('web.js', code ?? '');
    refused('the inventory has a file more: group_vars/all.yaml');
    rmSync(join(project.dir, 'group_vars'), { recursive: true });
    project.write('p.json', (plan ?? '').replace(/("version": ")[^"]+/, '$10.0.9'));
    refused('version 0.0.9');
    expect(project.has('made/a')).toBe(false);
    // Nor does the lock leave anything.
    expect(project.has('.quorate/web/a')).toBe(false);
  });
});

it('a plan is refused where what #names or JSON say has changed, and says which imports it cannot follow', () => {
  const project = new Project(
    `import '#role';\nimport words from './words.json' with { type: 'json' };\nawait import('./' + words.later);\n${SIMPLE}`,
    ['a'],
  );
  project.write('package.json', '{ "type": "module", "imports": { "#role": "./role.js" } }');
  for (const name of ['role.js', 'later.js']) project.write(name, '');
  project.write('words.json', '{ "later": "later.js" }');
  const made = project.run('--plan-out', 'p.json');
  expect([made.status, made.stderr]).toEqual([
    0,
    expect.stringMatching(
      /web\.js:\d+ imports what is known only as it runs: the plan has no digest of that code/,
    ),
  ]);
  project.write('role.js', 'export {};');
  project.write('words.json', '{ "later": "role.js" }');
  const { status, stderr } = project.run('--apply', 'p.json');
  expect([status, stderr]).toEqual([
    3,
    expect.stringMatching(/the code file role\.js has changed; the code file words\.json has changed/),
  ]);
  expect(project.has('made/a')).toBe(false);
});

it('a plan about a host that is not there: 4, and the others are not changed; nor is one written then', () => {
  const project = new Project(SIMPLE, ['a', 'far']);
  expect(project.run('--plan-out', 'p.json').status).toBe(0);
  const { status, stderr } = project.run('--apply', 'p.json', '-e', 'way=ssh');
  expect([status, stderr]).toEqual([
    4,
    expect.stringContaining('nothing was changed: the plan is about far'),
  ]);
  expect(project.has('made/a')).toBe(false);
  const made = project.run('--plan-out', 'q.json', '-e', 'way=ssh');
  expect([made.status, made.stderr]).toEqual([4, expect.stringContaining('q.json was not written')]);
  expect(project.has('q.json')).toBe(false);
});

it('a plan of another playbook, or with flags that say otherwise: 1', () => {
  const project = new Project(SIMPLE, ['a']);
  expect(project.run('--plan-out', 'p.json', '-l', 'a').status).toBe(0);
  expect(project.run('--apply', 'p.json', '-l', 'a', '--check').status).toBe(0);
  const other = project.run('--apply', 'p.json', '-l', 'all', '-t', 'site');
  expect([other.status, other.stderr]).toEqual([
    1,
    expect.stringContaining('--limit, --tags: p.json says otherwise'),
  ]);
  project.write('p.json', project.read('p.json').replace('"playbook": "web"', '"playbook": "db"'));
  const { status, stderr } = project.run('--apply', 'p.json');
  expect([status, stderr]).toEqual([1, expect.stringContaining('plan of db')]);
});

it.each(['none/p.json', 'made', 'web.js/p.json'])(
  'a plan that could not be written to %s: 1, before any contact',
  (to) => {
    const project = new Project(SIMPLE, ['a']);
    const { status, stdout, stderr } = project.run('--plan-out', to);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`the plan ${to} cannot be written`)]);
    expect(stdout).not.toContain('recap');
  },
);

it('files of an inventory with a secret have digests by scrypt, others by sha256', () => {
  const project = new Project(SIMPLE, ['a']);
  mkdirSync(join(project.dir, 'group_vars/all'), { recursive: true });
  for (const one of ['ansible_ssh_pass: 4711', 'api_token: x', 'vault_of_it: x', 'colour: x'])
    project.write(`group_vars/all/${one.replace(/:.*/, '')}.yaml`, one);
  expect(project.run('--plan-out', 'p.json').status).toBe(0);
  const { inventory } = JSON.parse(project.read('p.json')) as Plan;
  const how = Object.entries(inventory.files).map(([name, digest]) => [name, digest.slice(0, 7)]);
  expect(Object.fromEntries(how)).toEqual({
    'inventory.yaml': 'sha256:',
    'group_vars/all/ansible_ssh_pass.yaml': 'scrypt:',
    'group_vars/all/api_token.yaml': 'scrypt:',
    'group_vars/all/vault_of_it.yaml': 'scrypt:',
    'group_vars/all/colour.yaml': 'sha256:',
  });
});

describe('a plan that somebody has edited', () => {
  /** A part that does not have the host. */
  const EMPTY = [...Array(40).keys()]
    .map((i) => ({ index: i + 1, of: 40 }))
    .find((shard) => {
      const hosts = () => [{ name: 'a', vars: {} }];
      return hostsOfShard([{ hosts: 'all' }] as never, hosts, shard).size === 0;
    });
  let project: Project;
  let plan: Plan;
  beforeAll(() => {
    project = new Project(SIMPLE, ['a'], mkdtempSync(join(tmpdir(), 'quorate-test-')));
    expect(project.run('-i', 'inventory.yaml', '--plan-out', 'p.json').status).toBe(0);
    plan = JSON.parse(project.read('p.json'));
  });
  afterAll(() => rmSync(project.dir, { recursive: true, force: true }));
  const edited = (edit: (plan: Plan) => object) => {
    project.write('p.json', JSON.stringify({ ...plan, ...edit(plan) }));
    return project.run('--apply', 'p.json');
  };

  it.each(['evil', 'folder'])('runs no program that it was not made of: %s, 3', (given) => {
    mkdirSync(join(project.dir, 'folder'), { recursive: true });
    for (const name of ['evil', 'folder/evil']) {
      project.write(name, '#!/bin/sh\ntouch ran\necho "{}"\n');
      chmodSync(join(project.dir, name), 0o755);
    }
    const { status, stderr } = edited(({ options }) => ({
      options: { ...options, inventory: ['inventory.yaml', given] },
    }));
    expect([status, stderr]).toEqual([3, expect.stringMatching(/the inventory has a file more: .*evil/)]);
    expect([project.has('ran'), project.has('made/a')]).toEqual([false, false]);
  });

  it.each<[what: string, edit: (plan: Plan) => object]>([
    ['a part of the inventory without hosts', ({ options }) => ({ options: { ...options, shard: EMPTY } })],
    ['steps of another play', () => ({ steps: [{ play: 'other', host: 'a', title: 'add it' }] })],
  ])('is refused where not all of it is due: %s, 3', (_, edit) => {
    const { status, stderr } = edited(edit);
    expect([status, stderr]).toEqual([3, expect.stringContaining('p.json was not carried out')]);
    expect(project.has('made/a')).toBe(false);
  });

  it.each([{ text: 'other' }, { ansible_host: '10.0.0.1' }])('brings no variables along: %o, 1', (own) => {
    const { status, stderr } = edited(({ options }) => ({ options: { ...options, own } }));
    expect([status, stderr]).toEqual([1, expect.stringContaining('which is not a flag of web')]);
    expect(project.has('made/a')).toBe(false);
  });
});

describe('a plan file that', () => {
  const CHANGE = { kind: 'create', property: 'content', before: null, after: 'x', certainty: 'certain' };
  const ONE = { play: 'web', host: 'a', role: 'site', task: 't', resource: 'file:/t' };
  const TASK = { ...ONE, wanted: 'sha256:0', observed: 'sha256:0', changes: [CHANGE] };
  const whole: Plan = { ...BARE, secrets: { salt: '', ...COST } };
  const written = (text: string) => {
    const path = join(scratch(), 'p.json');
    writeFileSync(path, text);
    return path;
  };

  it('is whole is read', () => {
    expect(readPlan(written(JSON.stringify(whole)))).toEqual(whole);
  });

  it.each<[what: string, change: (text: string) => string, said: string]>([
    ['is empty', () => '', 'it is empty'],
    ['is cut off', (text: string) => text.slice(0, text.length / 2), 'cut off'],
    ['is not JSON', () => '<html>}', 'not JSON'],
    ['is another JSON', () => '{"a": 1}', 'no "format"'],
    [
      'is of another format',
      (text: string) => text.replace('quorate-plan/1', 'quorate-plan/9'),
      'quorate-plan/9',
    ],
    ['lacks a part', (text: string) => text.replace('"tasks"', '"task"'), 'tasks is missing'],
    [
      'lacks a part of a part',
      (text: string) => text.replace('"salt"', '"sugar"'),
      'secrets.salt is missing',
    ],
    [
      'is about a part that there is not',
      (text: string) => text.replace('"shard":null', '"shard":{"index":2,"of":1}'),
      'options.shard is missing in it, or something else',
    ],
    ...Object.entries({
      certainty: { ...TASK, changes: [{ ...CHANGE, certainty: 'sure' }] },
      kind: { ...TASK, changes: [{ ...CHANGE, kind: 'explode' }] },
      'host that acts': { ...TASK, by: 1 },
    }).map(([what, task]): [string, (text: string) => string, string] => [
      `has a task with another ${what} than there is`,
      (text) => text.replace('"tasks":[]', `"tasks":[${JSON.stringify(task)}]`),
      'tasks is missing in it, or something else',
    ]),
    [
      'says what its digests cost',
      (text: string) => text.replace(`"cost":${COST.cost}`, '"cost":1073741824'),
      'secrets.cost is missing in it, or something else',
    ],
  ])('%s: 1, with what was found', (_, change, said) => {
    const path = written(change(JSON.stringify(whole)));
    expect(() => readPlan(path)).toThrow(
      expect.objectContaining({ exitCode: 1, message: expect.stringMatching(`${path}.*${said}`) }),
    );
  });

  it('is not there: 1', () => {
    expect(() => readPlan('/nowhere/p.json')).toThrow('there is no plan /nowhere/p.json');
  });
});

it('--plan-format prints the plan alone: what the file has, or Markdown; nothing where there is no whole plan', () => {
  const project = new Project(SIMPLE, ['a', 'far']);
  const json = project.run('--plan-format', 'json', '--plan-out', 'p.json');
  expect([json.status, json.stdout]).toEqual([0, project.read('p.json')]);
  const shown = project.run('--plan-format', 'markdown', '--detailed-exitcode');
  expect([shown.status, shown.stdout.startsWith('### <code>web</code>: 8 changes on 2 of 2 hosts')]).toEqual([
    8,
    true,
  ]);
  expect(shown.stdout + shown.stderr).not.toContain('correct horse');
  const half = project.run('--plan-format', 'markdown', '-e', 'way=ssh');
  expect([half.status, half.stdout, half.stderr]).toEqual([
    4,
    '',
    expect.stringContaining('there is no plan'),
  ]);
});
