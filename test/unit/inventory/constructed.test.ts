import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadInventory } from '../../../lib/inventory/index.ts';
import { listedValues, write } from './support.ts';

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
