import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pythonJson } from '../../../lib/inventory/formats/json-text.ts';
import { loadInventory } from '../../../lib/inventory/index.ts';
import { listedValues, refusal, write } from './support.ts';

const HOSTS = '[web]\nw1 env=prod\nw2 env=""\nw3\n';

/** The groups that `keyed_groups` makes, with their hosts; what ansible-core 2.19 makes of the same. */
it.each([
  ['{ key: env, prefix: e }', { e_prod: ['w1'] }],
  ['{ key: env, prefix: e, default_value: none }', { e_prod: ['w1'], e_none: ['w2'] }],
  ['{ key: "[env]", prefix: e, default_value: none }', { e_prod: ['w1'], e_none: ['w2'] }],
  ['{ key: dict(k=env), separator: "-" }', { _k_prod: ['w1'], _k_: ['w2'] }],
  ['{ key: dict(k=env), trailing_separator: false }', { _k_prod: ['w1'], _k: ['w2'] }],
  ['{ key: env, prefix: e, parent_group: envs }', { envs: ['w1'], e_prod: ['w1'] }],
  ['{ key: env, prefix: e, parent_group: "{{ nope }}" }', {}],
])('keyed_groups: %s', async (keyed, made) => {
  const folder = write({ hosts: HOSTS, 'made.yml': `plugin: constructed\nkeyed_groups: [${keyed}]\n` });
  const files = ['hosts', 'made.yml'].map((name) => join(folder, name));
  const { groups } = await loadInventory({ files, schema: {} });
  const others = [...groups].filter(([name]) => !['all', 'ungrouped', 'web'].includes(name));
  expect(Object.fromEntries(others)).toEqual(made);
});

it.each([
  ['counts with use_vars_plugins', 'use_vars_plugins: true\n', ['os_deb']],
  ['is not looked at without', '', []],
])('what files say of groups and hosts %s', async (_, option, made) => {
  const folder = write({
    'inv/hosts': '[web]\nw1\nw2 os=own\n',
    'inv/group_vars/web': 'os: deb\n',
    'inv/host_vars/w2.yml': 'os: deb\n',
    'made.yml': `plugin: constructed\n${option}keyed_groups: [{ key: os, prefix: os }]\n`,
  });
  const files = ['inv/hosts', 'made.yml'].map((name) => join(folder, name));
  const { groups, notices } = await loadInventory({ files, schema: {}, playbookFolder: folder });
  const others = [...groups.keys()].filter((name) => !['all', 'ungrouped', 'web', 'os_own'].includes(name));
  expect(others).toEqual(made);
  expect(notices).toEqual([]);
});

it('expressions know the variables of their host alone, as in ansible-core 2.19', async () => {
  const made = `plugin: constructed
compose:
  own: group_names + [inventory_hostname, env]
  others: hostvars | default('none')
  all_groups: groups | default('none')
  playbooks: playbook_dir | default('none')
  failed: hostvars['w2'].env
groups:
  named: "'web' in groups"
`;
  const folder = write({ hosts: HOSTS, 'made.yml': made });
  const files = ['hosts', 'made.yml'].map((name) => join(folder, name));
  const inventory = await loadInventory({ files, schema: {} });
  expect([...inventory.groups.keys()]).not.toContain('named');
  expect(listedValues(inventory, 'w1')).toEqual({
    env: 'prod',
    own: ['web', 'w1', 'prod'],
    others: 'none',
    all_groups: 'none',
    playbooks: 'none',
  });
});

/** Groups that `made.yml` makes of these hosts, without those that are there anyway. */
async function groupsMade(hosts: string, made: string) {
  const folder = write({ 'hosts.yaml': hosts, 'made.yml': `plugin: constructed\n${made}` });
  const files = ['hosts.yaml', 'made.yml'].map((name) => join(folder, name));
  const inventory = await loadInventory({ files, schema: {} });
  const others = [...inventory.groups.keys()].filter((name) => !['all', 'ungrouped'].includes(name));
  return { inventory, others };
}

// What ansible-core 2.19.14 makes of the same.
it.each([
  ['{ key: tags, prefix: tag }', ['tag_Mon_True', 'tag_F_1_0', 'tag_U_None', 'tag_L__1___a__', 'tag_E_']],
  ['{ key: tags, prefix: t, default_value: d }', ['t_Mon_True', 't_F_1_0', 't_U_d', 't_L__1___a__', 't_E_d']],
  [
    '{ key: tags, prefix: t, trailing_separator: false }',
    ['t_Mon_True', 't_F_1_0', 't_U', 't_L__1___a__', 't_E'],
  ],
  ['{ key: list, prefix: l }', ['l_True', 'l_None', 'l_1', 'l_1_0', 'l_x_y', 'l_', 'l__1_']],
  ['{ key: list, prefix: l, default_value: 7 }', ['l_True', 'l_7', 'l_1', 'l_1_0', 'l_x_y', 'l__1_']],
  ['{ key: nothing, prefix: n }', []],
  ['{ key: nothing, prefix: n, default_value: 1.0 }', ['n_1_0']],
  ['{ key: zero, prefix: z, default_value: x }', []],
  [`{ key: "'q'", prefix: null }`, ['None_q']],
  [`{ key: "'q'", prefix: true, separator: null }`, ['TrueNoneq']],
  ['{ key: true, prefix: t }', []],
])("keyed_groups spells values as Python's str(): %s", async (keyed, made) => {
  const tags = `{ Mon: true, F: 1.0, U: null, L: [1, a], E: '' }`;
  const list = `[true, null, 1, 1.0, x-y, '', [1]]`;
  const hosts = `all: { hosts: { h1: { tags: ${tags}, list: ${list}, nothing: null, zero: 0 } } }\n`;
  expect((await groupsMade(hosts, `keyed_groups: [${keyed}]\n`)).others).toEqual(made);
});

it('a key of keyed_groups that is a number is refused, as Ansible gives the source up', async () => {
  const made = 'keyed_groups: [{ key: five, prefix: n }]\n';
  const [error] = await refusal(groupsMade('all: { hosts: { h1: { five: 5 } } }\n', made));
  expect(error).toMatchObject({
    message: 'a key of keyed_groups gives a number for h1',
    position: { line: 2 },
    hint: expect.stringContaining('| string'),
  });
});

it('no expression sees what one beside it has made', async () => {
  const made = `compose: { one: 5, two: "'x'", three: two | default('unset') }
groups: { every: true, rest: "'every' not in group_names" }
`;
  const { others, inventory } = await groupsMade('all: { hosts: { h1: } }\n', made);
  expect(others).toEqual(['every', 'rest']);
  expect(listedValues(inventory, 'h1')).toEqual({ two: 'x', three: 'unset' });
});

it('a condition that gives neither true nor false is passed over with a word', async () => {
  const made = `groups: { number: five, text: name, literal: 1, right: five == 5 }\n`;
  const { others, inventory } = await groupsMade('all: { hosts: { h1: { five: 5, name: x } } }\n', made);
  expect(others).toEqual(['right']);
  expect(inventory.notices.map((notice) => notice.replace(/^.*made.yml/, ''))).toEqual([
    ':2:1: groups: number is passed over: its condition gives neither true nor false',
    ':2:1: groups: text is passed over: its condition gives neither true nor false',
  ]);
});

it('what is composed keeps the numbers that it is made of', async () => {
  const { inventory } = await groupsMade(
    'all: { hosts: { h1: { f: 1.0, big: 12345678901234567890 } } }\n',
    'compose: { g: "[f, big]" }\n',
  );
  const made = inventory.variablesOf('h1').get('g')?.at(-1)?.value;
  expect(pythonJson(made, 0)).toBe('[1.0,12345678901234567890]');
});
