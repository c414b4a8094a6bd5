import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { parseOptions } from '../../../../lib/cli/flags/options.ts';
import { INVENTORY_FLAGS, showInventory } from '../../../../lib/cli/inventory/index.ts';
import { ETCD_VARS } from '../../../../lib/etcd/model/vars.ts';
import { loadInventory } from '../../../../lib/inventory/index.ts';
import { program } from '../../../program.ts';
import { type Files, refusal, write } from '../../inventory/support.ts';
import { hear } from '../../support/hear.ts';

const CASES = join(import.meta.dirname, '../../inventory/cases');
const SHOWN = join(import.meta.dirname, 'shown');

/** What `inventory.ts` prints with these arguments. */
async function show(...args: readonly string[]): Promise<string> {
  const options = parseOptions(args, INVENTORY_FLAGS, [], true);
  if (typeof options === 'string') throw new Error(options);
  const inventory = await loadInventory({
    files: options.inventory,
    schema: ETCD_VARS,
    extraVars: options.extraVars,
    playbookFolder: SHOWN,
    vault: {
      files: options.vaultPasswordFiles,
      prompt: false,
      ask: () => Promise.reject(new Error('nobody is asked')),
      env: {},
    },
  });
  hear(process.stderr);
  const said = hear();
  try {
    await showInventory(inventory, options);
  } finally {
    vi.restoreAllMocks();
  }
  return said.join('');
}

describe('an inventory is shown to the letter as ansible-inventory shows it', () => {
  // Made by ansible-core 2.19.14; of --list without `_meta.profile`, which is its own affair.
  it.each([
    ['nested.yaml', 'nested.list', '--list'],
    ['nested.yaml', 'nested.list-yaml', '--list --yaml'],
    ['nested.yaml', 'nested.list-limit', '--list -l etcd02'],
    ['nested.yaml', 'nested.graph', '--graph'],
    ['nested.yaml', 'nested.graph-vars', '--graph --vars'],
    ['nested.yaml', 'nested.graph-dc2', '--graph dc2'],
    ['nested.yaml', 'nested.host', '--host lone'],
    ['nested.yaml', 'nested.host-yaml', '--host lone --yaml'],
    ['numbers.yaml', 'numbers.list', '--list'],
    ['numbers.yaml', 'numbers.list-yaml', '--list --yaml'],
    ['numbers.yaml', 'numbers.graph-vars', '--graph --vars'],
    ['moments.yaml', 'moments.list', '--list'],
    ['moments.yaml', 'moments.list-yaml', '--list --yaml'],
    ['moments.yaml', 'moments.graph-vars', '--graph --vars'],
    ['flat.ini', 'flat.list', '--list'],
    ['flat.ini', 'flat.list-yaml', '--list --yaml'],
    ['flat.ini', 'flat.graph', '--graph'],
    ['flat.ini', 'flat.graph-vars', '--graph --vars'],
  ])('%s: %s', async (file, expected, args) => {
    expect(await show('-i', join(SHOWN, file), ...args.split(' '))).toBe(
      readFileSync(join(SHOWN, expected), 'utf8'),
    );
  });

  const cases = readdirSync(CASES).filter((name) => name !== 'README.md' && !name.startsWith('x38'));
  it.each(cases)('%s', async (name) => {
    const folder = join(CASES, name);
    const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
    const { i, vault } = read('case.json');
    const files = i.map((file: string) => (file.includes(',') ? file : join(folder, file)));
    const password = vault === undefined ? [] : ['--vault-password-file', join(folder, vault)];
    const args = [...files.flatMap((file: string) => ['-i', file]), ...password];
    const { _meta, ...groups } = JSON.parse(await show(...args, '--list', '--show-secrets'));
    const { vars, hosts } = read('expected.json');
    const all = Object.fromEntries(hosts.map((host: string) => [host, _meta.hostvars[host] ?? {}]));
    expect(all).toEqual(vars);
    const listed = Object.values<{ hosts?: string[] }>(groups).flatMap((group) => group.hosts ?? []);
    expect(new Set(listed)).toEqual(new Set(hosts));
  });
});

it('leaves out the names that Ansible gives values of its own', async () => {
  const vars = 'inventory_hostname=x groups=y group_names=z playbook_dir=p ansible_facts=f ansible_version=v';
  const file = join(write({ 'hosts.ini': `h1 ${vars} omit=o ansible_check_mode=c\n` }), 'hosts.ini');
  expect(JSON.parse(await show('-i', file, '--host', 'h1'))).toEqual({ omit: 'o', ansible_check_mode: 'c' });
});

const SECRETS: Files = {
  'hosts.yaml': `all:
  hosts:
    h1:
      ansible_password: hunter2-long
      note: the password is hunter2-long
      api_token: [abc, { id: 7 }]
      proxy: http://me:topsecret@proxy.lan/
      login: "{{ api_token }}"
      db_password: "{{ vault_db }}"
      vaulted: !vault |
        $ANSIBLE_VAULT;1.1;AES256
        3030
`,
};

describe('secrets', () => {
  it('are masked wherever they stand; references and what is encrypted stay', async () => {
    const file = join(write(SECRETS), 'hosts.yaml');
    expect(JSON.parse(await show('-i', file, '--host', 'h1'))).toEqual({
      ansible_password: '********',
      note: 'the password is ********',
      api_token: ['********', { id: '********' }],
      proxy: 'http://me:********@proxy.lan/',
      login: '{{ api_token }}',
      db_password: '{{ vault_db }}',
      vaulted: { __ansible_vault: '$ANSIBLE_VAULT;1.1;AES256\n3030\n' },
    });
  });

  it.each([
    ['db_pwd', 'made-up-1'],
    ['sudo_pw', 'made-up-2'],
    ['encryption_key', 'made-up-3'],
    ['wifi_psk', 'made-up-4'],
    ['conn', 'Server=x;Password=made-up-5'],
    ['ca_pem', '-----BEGIN EC PRIVATE KEY-----\nmade-up-6\n-----END EC PRIVATE KEY-----\n'],
  ])('are known by their names, and by what they look like: %s', async (name, value) => {
    const file = join(
      write({ 'h.json': JSON.stringify({ all: { hosts: { h1: { [name]: value } } } }) }),
      'h.json',
    );
    expect(await show('-i', file, '--host', 'h1')).not.toContain('made-up');
    expect(await show('-i', file, '--explain', 'h1')).not.toContain('made-up');
    expect(await show('-i', file, '--host', 'h1', '--show-secrets')).toContain('made-up');
  });

  it.each([
    ['my_token', '--explain', 'h1', 'k2'],
    ['vault_x', '--explain', 'h1', 'k2'],
    ['ansible_become_password', '--connection', 'h1'],
  ])('are masked in what was made of them: %s, %s', async (name, ...args) => {
    const vars = {
      [name]: 'made-up-long',
      k2: `{{ ${name} }}-z`,
      ansible_ssh_common_args: `-o ProxyCommand='sshpass -p {{ ${name} }} ssh -W %h:%p jump'`,
    };
    const file = join(write({ 'h.json': JSON.stringify({ all: { hosts: { h1: vars } } }) }), 'h.json');
    const shown = await show('-i', file, ...args);
    expect(shown).toContain('********');
    expect(shown).not.toContain('made-up-long');
    expect(await show('-i', file, ...args, '--show-secrets')).toContain('made-up-long');
  });

  it('are shown with --show-secrets', async () => {
    const file = join(write(SECRETS), 'hosts.yaml');
    const shown = await show('-i', file, '--host', 'h1', '--show-secrets');
    expect(JSON.parse(shown)).toMatchObject({
      ansible_password: 'hunter2-long',
      note: 'the password is hunter2-long',
      api_token: ['abc', { id: 7 }],
    });
  });

  it('of a file that no password opens end --list, and not --graph', async () => {
    const file = join(CASES, 'x37-vault-file/hosts.yaml');
    const errors = await refusal(show('-i', file, '--list'));
    expect(errors).toMatchObject(
      [{ exitCode: 1, position: { line: 1 }, hint: /--vault-password-file/ }].map(() => ({ exitCode: 1 })),
    );
    expect(errors[0]?.position?.file).toMatch(/secrets\.yml$/);
    expect(await show('-i', file, '--graph')).toContain('--f2');
  });
});

const LAYERS: Files = {
  'hosts.yaml': `all:
  vars: { etcd_user: outer, etcd_client_port: 1000 }
  children:
    etcd:
      vars:
        etcd_user: inner
        etcd_data_dir: "/data/{{ disk }}/{{ etcd_user }}"
        disk: sda
        broken: "{{ nope }}"
      hosts:
        h1: { ansible_ssh_host: 10.0.0.1, ansible_become_password: hunter2-explained }
        h2: { etcd_user: own }
`,
  'group_vars/all.yml': 'etcd_user: file\n',
};

describe('--explain', () => {
  async function explain(...args: readonly string[]): Promise<string> {
    const folder = write(LAYERS);
    const said = await show('-i', join(folder, 'hosts.yaml'), '--explain', ...args);
    return said.replaceAll(`${folder}/`, '');
  }

  it.each<readonly [args: string, lines: readonly string[]]>([
    [
      'h2 etcd_user',
      [
        'etcd_user: "own"',
        '  from   hosts.yaml:12:15 host h2',
        '  beats  group_vars/all.yml:1:1 group all: "file"',
        '  beats  hosts.yaml:6:9 group etcd: "inner"',
        '  beats  hosts.yaml:2:11 group all: "outer"',
        '  beats  default: "etcd"',
      ],
    ],
    [
      'h1 etcd_data_dir',
      [
        'etcd_data_dir: "/data/sda/file"',
        '  from   hosts.yaml:7:9 group etcd: "/data/{{ disk }}/{{ etcd_user }}"',
        '  beats  default: "/var/lib/etcd/default.etcd"',
      ],
    ],
    [
      'h1 etcd_client_port -e etcd_client_port=7',
      [
        'etcd_client_port: "7"',
        '  from   --extra-vars',
        '  beats  hosts.yaml:2:29 group all: 1000',
        '  beats  default: 2379',
      ],
    ],
    ['h1 etcd_peer_port', ['etcd_peer_port: 2380', '  from   default']],
    ['h1 etcd_version', ['etcd_version: not set']],
    [
      'h1 ansible_host',
      ['ansible_host: "10.0.0.1"', '  from   hosts.yaml:11:15 host h1 as ansible_ssh_host'],
    ],
    [
      'h1 ansible_become_password',
      ['ansible_become_password: "********"', '  from   hosts.yaml:11:43 host h1'],
    ],
    [
      'h1 ansible_become_password --show-secrets',
      ['ansible_become_password: "hunter2-explained"', '  from   hosts.yaml:11:43 host h1'],
    ],
  ])('%s', async (args, lines) => {
    expect((await explain(...args.split(' '))).trimEnd().split('\n')).toEqual(lines);
  });

  it('of all variables goes on past one that cannot be evaluated', async () => {
    const said = await explain('h1');
    expect(said).toContain(
      'broken: cannot be evaluated\n  cannot evaluate broken of h1: the variable "nope" is not set',
    );
    expect(said).toContain('etcd_user: "file"');
    expect(said).toContain('etcd_peer_port: 2380');
  });

  it('as data has the same, a line each', async () => {
    const [line = '', recap = ''] = (await explain('h1', 'etcd_user', '--output', 'json')).split('\n');
    expect(JSON.parse(line)).toMatchObject({
      event: 'variable',
      host: 'h1',
      variable: 'etcd_user',
      value: 'file',
      from: { by: 'group all', position: { file: 'group_vars/all.yml', line: 1, column: 1 } },
      beats: [{ by: 'group etcd', value: 'inner' }, { by: 'group all', value: 'outer' }, { by: 'default' }],
    });
    expect(JSON.parse(recap)).toMatchObject({ event: 'recap', exitCode: 0 });
  });
});

it('--connection prints what ssh -G would, by the inventory', async () => {
  const file = join(
    write({ 'h.ini': 'h1 ansible_host=192.0.2.7 ansible_port=2200 ansible_user=ops\n' }),
    'h.ini',
  );
  const lines = (await show('-i', file, '--connection', 'h1')).split('\n');
  expect(lines).toEqual(expect.arrayContaining(['hostname 192.0.2.7', 'port 2200', 'user ops']));
});

it('--explain keeps numbers as they are, also those that templates make', async () => {
  const vars = `{ n: 12345678901234567890, f: "{{ 1.0 }}", l: "{{ [n, 2.50] }}" }`;
  const file = join(write({ 'h.yaml': `all: { hosts: { h1: ${vars} } }\n` }), 'h.yaml');
  const explained = await show('-i', file, '--explain', 'h1');
  for (const line of ['n: 12345678901234567890', 'f: 1.0', 'l: [12345678901234567890,2.5]'])
    expect(explained.split('\n')).toContain(line);
});

it('--connection judges no key that is not there', async () => {
  const folder = write({ 'h.ini': 'h1 ansible_ssh_private_key_file=keys/nope foo=1\n' });
  const lines = await show('-i', join(folder, 'h.ini'), '--connection', 'h1');
  expect(lines).toContain('identityfile ~/.ssh/id_ed25519\n');
  expect(lines).not.toContain('nope');
});

describe('playbooks/inventory.ts', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [program('playbooks/inventory.ts'), ...args], {
      cwd: join(import.meta.dirname, '../../../..'),
      encoding: 'utf8',
    });

  it('shows an inventory that has nothing of ours in it', () => {
    const file = join(write({ 'hosts.ini': 'web1\n[shop]\nweb2\n' }), 'hosts.ini');
    const { stdout, status } = run('-i', file, '--graph');
    expect(stdout).toBe('@all:\n  |--@ungrouped:\n  |  |--web1\n  |--@shop:\n  |  |--web2\n');
    expect(status).toBe(0);
  });

  it('shows an inventory without hosts, as ansible-inventory does, with a word', () => {
    const file = join(write({ 'hosts.ini': '[shop]\n# web1\n' }), 'hosts.ini');
    const graph = run('-i', file, '--graph');
    expect([graph.stdout, graph.status]).toEqual(['@all:\n  |--@ungrouped:\n  |--@shop:\n', 0]);
    expect(graph.stderr).toContain(`${file}:1:1: there is no host in this inventory\n`);
  });

  it('ends with 1 and an error where the inventory cannot be read', () => {
    const { stdout, status } = run('-i', 'no-such-file.ini', '--list', '--output', 'json');
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ event: 'error', exitCode: 1 });
    expect(status).toBe(1);
  });
});

describe('what is not there is refused', () => {
  it.each<readonly [args: string, message: string, hint: string]>([
    ['--host h9', 'there is no host h9 in this inventory', 'did you mean h1?'],
    ['--graph etdc', 'there is no group etdc in this inventory', 'did you mean etcd?'],
    ['--explain h1 etcd_usr', 'there is no variable etcd_usr in this inventory', 'did you mean etcd_user?'],
    [
      '--explain h1 notes_port',
      'there is no variable notes_port in this inventory',
      'a default of a role of yours stands in that role alone',
    ],
    [
      '--explain h1 broken',
      'cannot evaluate broken of h1: the variable "nope" is not set',
      'set it for this host',
    ],
    ['', 'one of --list, --host, --graph, --explain and --connection is wanted', '--help'],
    ['--list --graph', 'only one of --list, --host, --graph, --explain and --connection is wanted', '--help'],
    ['--list word', 'unexpected argument word', '--help'],
    ['--graph etcd word', 'unexpected argument word', '--help'],
  ])('%s', async (args, message, hint) => {
    const file = join(write(LAYERS), 'hosts.yaml');
    const [error] = await refusal(show('-i', file, ...args.split(' ').filter(Boolean)));
    expect(error).toMatchObject({ message, exitCode: 1 });
    expect(error?.hint).toContain(hint);
  });
});
