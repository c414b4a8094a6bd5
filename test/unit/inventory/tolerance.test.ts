import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { chosenGroups } from '../../../lib/cli/chosen-groups.ts';
import type { VarSchema } from '../../../lib/dsl/role.ts';
import { ETCD_VARS } from '../../../lib/etcd/model/vars.ts';
import { loadInventory, type SettledInventory, selectHosts } from '../../../lib/inventory/index.ts';
import { type Files, listedValues, readAll, refusal, write } from './support.ts';

/** Reads the hosts of a pattern as a run over them would, which contacts all of them. */
async function contact(
  files: Files,
  pattern: string,
  schema: VarSchema = ETCD_VARS,
): Promise<SettledInventory> {
  const folder = write(files);
  const [first = ''] = Object.keys(files);
  const inventory = await loadInventory({ files: [join(folder, first)], schema, playbookFolder: folder });
  const hosts = selectHosts(inventory, pattern, 'the play');
  return inventory.settle({ hosts, contacts: (all) => all });
}

/** A host of etcd, and one that a play over etcd leaves alone. */
const beside = (vars: string) => ({
  'hosts.yaml': `all:\n  children:\n    etcd: { hosts: { a: } }\n    other: { hosts: { b: ${vars} } }\n`,
});

describe('what concerns a host is told when that host is contacted', () => {
  it.each([
    ['a key that is none', '{ ansible_ssh_private_key_file: / }', 'is a directory'],
    ['network gear', '{ ansible_connection: ansible.netcommon.network_cli }', 'must be ssh or local'],
    ['Windows', '{ ansible_connection: winrm, ansible_port: 5986 }', 'must be ssh or local'],
    ['a container', '{ ansible_connection: community.docker.docker }', 'must be ssh or local'],
    ['doas', '{ ansible_become: true, ansible_become_method: community.general.doas }', 'is not honoured'],
    ['su', '{ ansible_become: true, ansible_become_method: su }', 'is not honoured here'],
    ['a token', '{ ansible_ssh_pkcs11_provider: /usr/lib/opensc.so }', 'is not honoured here'],
    ['an option of ssh', '{ ansible_ssh_common_args: -Z }', '-Z is not honoured here'],
    ['a template', "{ ansible_user: '{{ nowhere }}' }", '"nowhere" is not set'],
    ['a slip', '{ etcd_clinet_port: 1 }', 'etcd_clinet_port is not a variable of these roles'],
    ['a value', '{ etcd_client_port: many }', 'must be a whole number'],
    ['a name', '{ ansible_host: root@ }', 'must be an IP address or a host name'],
  ])('%s', async (_, vars, message) => {
    expect((await contact(beside(vars), 'etcd')).hosts.size).toBe(1);
    const [error] = await refusal(contact(beside(vars), 'other'));
    expect(error?.message).toContain(message);
    expect(error?.position?.line).toBe(4);
  });

  it('one address under two names, of which a play has one', async () => {
    const files = { 'hosts.ini': '[etcd]\na ansible_host=10.0.0.1\n[other]\nb ansible_host=10.0.0.1\n' };
    expect((await contact(files, 'etcd')).hosts.size).toBe(1);
    const [error] = await refusal(contact(files, 'all'));
    expect(error?.message).toContain('have the same address');
  });

  it('one address behind two jump hosts is two hosts', async () => {
    const args = (jump: string) => `ansible_ssh_common_args='-J ${jump}'`;
    const files = {
      'hosts.ini': `a ansible_host=10.0.0.1 ${args('x')}\nb ansible_host=10.0.0.1 ${args('y')}\n`,
    };
    expect((await contact(files, 'all')).hosts.size).toBe(2);
  });

  it('an encrypted file that no password opens', async () => {
    const vault = '$ANSIBLE_VAULT;1.1;AES256\n3132\n';
    const files = { ...beside(''), 'group_vars/other.yml': vault };
    expect((await contact(files, 'etcd')).hosts.size).toBe(1);
    const [error] = await refusal(contact(files, 'other'));
    expect(error?.position).toMatchObject({ file: expect.stringContaining('other.yml'), line: 1 });
  });
});

it.each([
  ['all: { hosts: { a: { n: 9007199254740993 } } }\n'],
  ['all: { hosts: { a: { n: "9007199254740993" } } }\n'],
  ['all: { hosts: { a: { n: "{{ 2 ** 64 }}" } } }\n'],
])('a role is not handed another number than the one written: %s', async (text) => {
  const [error] = await refusal(contact({ 'hosts.yaml': text }, 'all', { n: { type: 'integer' } }));
  expect(error?.message).toContain('n of a has a whole number beyond 2^53, which cannot be kept');
});

describe('what nobody reads is never judged', () => {
  it.each([
    ['a template that needs what is missing', '"{{ nowhere.at.all }}"'],
    ['a template that Ansible alone knows', `"{{ lookup('hashi_vault', 'x') | ipaddr }}"`],
    ['a template that is none', '"{{ what is this"'],
    ['a circle', '"{{ app }}"'],
    ['a vault without a password', '!vault "$ANSIBLE_VAULT;1.1;AES256"'],
  ])('%s', async (_, value) => {
    const { hosts, notices } = await contact(
      { 'hosts.yaml': `etcd:\n  hosts: { a: }\n  vars:\n    app: ${value}\n` },
      'etcd',
    );
    expect([...hosts.keys()]).toEqual(['a']);
    expect(notices).toEqual(['not used here: app']);
  });

  it.each([
    'ansible_ssh_private_key_file: /nowhere/key',
    'ansible_connection: winrm',
    'ansible_ssh_common_args: -Z',
    'ansible_become_method: doas, ansible_become: true',
  ])('a connection that is not made: %s', async (vars) => {
    const folder = write({ 'hosts.yaml': `etcd: { hosts: { a: { ${vars} } } }\n` });
    const inventory = await loadInventory({ files: [join(folder, 'hosts.yaml')], schema: ETCD_VARS });
    const { hosts } = await inventory.settle({ hosts: inventory.hosts });
    expect(hosts.get('a')?.connection).toBeUndefined();
  });
});

it.each([
  '-o ControlMaster=auto -o ControlPersist=60s -o ControlPath=/tmp/%r@%h',
  '-C -o ServerAliveInterval=30 -o ServerAliveCountMax=10 -o ConnectTimeout=10',
  '-o PreferredAuthentications=publickey -o IdentitiesOnly=yes -q -4',
  '-o StrictHostKeyChecking=no -o LogLevel=ERROR',
])('ssh arguments that change nothing here are taken: %s', async (args) => {
  for (const name of ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args']) {
    const files = { 'hosts.yaml': `all: { hosts: { a: }, vars: { ${name}: "${args}" } }` };
    expect((await contact(files, 'all')).hosts.size).toBe(1);
  }
});

describe('names of other tools', () => {
  const vars = (...names: readonly string[]) => ({
    'hosts.yaml': `etcd: { hosts: { a: }, vars: { ${names.map((name) => `${name}: 1`).join(', ')} } }`,
  });

  it('are told once, whoever they belong to', async () => {
    const names = ['etcd_deployment_type', 'setup_firewall', 'etcd_peer_addresses', 'etcd_conf_dir', 'app'];
    const { notices } = await contact(vars(...names), 'etcd');
    expect(notices).toEqual([
      'not used here: app, etcd_conf_dir, etcd_deployment_type, etcd_peer_addresses, setup_firewall',
    ]);
  });

  it.each([
    ['etcd_client_cidr', '[10.0.0.0/8]', 'etcd_client_cidrs'],
    ['etcd_client_cidr', '10.0.0.0/8', 'etcd_client_cidrs'],
    ['etcd_setting', '{ x: 1 }', 'etcd_settings'],
    ['etcd_clients_port', '1', 'etcd_client_port'],
    ['etcd_member_names', '"{{ inventory_hostname }}"', 'etcd_member_name'],
    ['ansible_hosts', '192.0.2.1', 'ansible_host'],
  ])('%s is a slip where its value is what ours may be: %s', async (slip, value, meant) => {
    const files = { 'hosts.yaml': `etcd: { hosts: { a: { ${slip}: ${value} } } }` };
    const [error] = await refusal(contact(files, 'etcd'));
    expect(error?.hint).toBe(`did you mean ${meant}?`);
  });

  it.each([
    ['etcd_users', '[root, app]'],
    ['etcd_setting', 'fast'],
    ['etcd_versions', '[3.5.1, 3.6.0]'],
    ['etcd_peer_addresses', 'https://a:2380'],
  ])('%s is not a slip where its value is none of ours: %s', async (name, value) => {
    const files = { 'hosts.yaml': `etcd: { hosts: { a: { ${name}: ${value} } } }` };
    expect((await contact(files, 'etcd')).notices).toEqual([`not used here: ${name}`]);
  });

  it.each([
    ['etcd_clent_port', 'etcd_client_port'],
    ['etcd_cleint_port', 'etcd_client_port'],
    ['ansible_hots', 'ansible_host'],
    ['Etcd_Version', 'etcd_version'],
    ['etcd-version', 'etcd_version'],
  ])('%s is a slip', async (slip, meant) => {
    const [error] = await refusal(contact(vars(slip), 'etcd'));
    expect(error?.hint).toBe(`did you mean ${meant}?`);
  });

  it('never get a value onto a screen', async () => {
    const secret = 'tok3n-hunt';
    const files = {
      'hosts.yaml': `etcd:\n  hosts: { a: { url: "https://me:${secret}@x/", glued:${secret}: 1 } }\n  vars: { api: ${secret}, ansible_user: "{{ api }} {{ nope }}", etcd_client_port: many }\n`,
    };
    const said = (await refusal(contact(files, 'etcd'))).map((error) => `${error.message} ${error.hint}`);
    expect(said.length).toBeGreaterThan(1);
    expect(said.join()).not.toContain(secret);
    // Where a quote is missing, half of a value is taken for a name.
    const half = {
      'hosts.yaml': `etcd:\n  hosts: { a: }\n  vars: { "x, ${secret}": , "${secret} y": 1, app: 1 }\n`,
    };
    expect((await contact(half, 'etcd')).notices).toEqual(['not used here: app, …']);
  });

  it.each([
    ['etcd_client_port', 'tok 3n'],
    ['etcd_client_port', '99999123'],
    ['etcd_extra_sans', 'tok 3n'],
    ['ansible_port', 'tok 3n'],
    ['ansible_host', 'tok 3n'],
    ['ansible_user', 'tok;3n'],
    ['ansible_host_key_checking', 'tok 3n'],
    ['ansible_become_method', 'tok 3n'],
    ['ansible_ssh_common_args', '-o StrictHostKeyChecking=tok3n'],
  ])('get none there by way of %s, which names the template: %s', async (name, secret) => {
    const files = {
      'hosts.yaml': `etcd:\n  hosts: { a: }\n  vars: { app: "${secret}", ansible_become: true, ${name}: "{{ app }}" }\n`,
    };
    const said = (await refusal(contact(files, 'etcd'))).map((error) => `${error.message} ${error.hint}`);
    expect(said.join()).toContain('what {{ app }} gives');
    expect(said.join()).not.toContain(secret.replace(/.*=/, ''));
  });

  it('and slips do not matter to a role whose variables have no _', async () => {
    const schema = { motd: { type: 'string' }, rate: { type: 'number' } };
    const files = { 'hosts.yaml': 'all: { hosts: { a: { other: 1, motd: hi } } }' };
    expect((await contact(files, 'all', schema)).hosts.get('a')?.vars).toEqual({ motd: 'hi' });
  });
});

it('-e gives a number where one is wanted', async () => {
  const folder = write({ 'hosts.ini': 'a\n' });
  const { hosts } = await readAll({
    files: [join(folder, 'hosts.ini')],
    schema: { rate: { type: 'number' } },
    extraVars: ['rate=2.5'],
  });
  expect(hosts[0]?.vars.rate).toBe(2.5);
});

it('a number that stands for text is hinted at as it is written', async () => {
  const files = { 'hosts.yaml': 'etcd: { hosts: { a: { etcd_version: 3.10 } } }' };
  const [error] = await refusal(contact(files, 'etcd'));
  expect(error?.hint).toBe('quote it: etcd_version: "3.10"');
});

describe('a file that is not an inventory is called what it is, once', () => {
  it.each([
    [
      'hosts.yaml',
      `all:\n<<<<<<< HEAD\n  hosts: { a: }\n=======\n  hosts: { b: }\n>>>>>>> other\n`,
      2,
      'a merge',
    ],
    ['README.md', '# Our hosts\n\n- one: of them\n  and: [more\n', 1, 'a page to read'],
    ['hosts', '#!/usr/bin/env python3\nimport json\nprint(json.dumps({}))\n', 1, 'a script'],
    ['hosts.yaml', '$ANSIBLE_VAULT;1.1;AES256\n3132\n', 1, 'vault'],
    ['hosts', 'a\0b', 1, 'a binary file'],
    ['site.yml', '- hosts: all\n  roles: [x]\n', 1, 'a playbook'],
    ['aws_ec2.yml', 'plugin: amazon.aws.aws_ec2\nregions: [x]\n', 1, 'inventory plugin amazon.aws.aws_ec2'],
  ])('%s', async (name, text, line, what) => {
    const folder = write({ [name]: text });
    const file = join(folder, name);
    const errors = await refusal(loadInventory({ files: [file], schema: {} }));
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining(what)]);
    expect(errors[0]?.position).toMatchObject({ file, line });
    expect(errors[0]?.hint).toBeDefined();
  });
});

it('a directory is read without what editors, systems and people leave in it', async () => {
  const strange = ['.hidden', '._hosts.yml', '.#hosts.yml', 'hosts~', 'a.bak', 'a.orig', 'a.retry', 'a.cfg'];
  const others = [...strange, 'a.md', 'a.txt', 'a.rst', 'a.swp', 'a.pyc', 'a.rpm'];
  const files = Object.fromEntries(others.map((name) => [`prod/${name}`, `of-${name.replace('~', '')}\n`]));
  const vars = { 'prod/group_vars/all/._x.yml': 'x: 2\n', 'prod/group_vars/all/.#x.yml': 'x: 3\n' };
  const folder = write({
    ...files,
    ...vars,
    'prod/hosts': 'a\n',
    'prod/zone/hosts': 'b\n',
    'prod/group_vars/all/x.yml': 'x: 1\n',
    'prod/group_vars/all/x.yml~': 'x: 4\n',
    'prod/host_vars/a': 'y: 1\n',
  });
  const inventory = await loadInventory({ files: [join(folder, 'prod')], schema: {} });
  expect(inventory.hosts.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(listedValues(inventory, 'a')).toEqual({ x: 1, y: 1 });
});

it.each([
  'ansible_ssh_private_key_file: /nowhere',
  'ansible_ssh_common_args: -Z',
  'ansible_ssh_common_args: "{{ nope }}"',
  'ansible_port: many',
  'ansible_user: ""',
  'ansible_ssh_pkcs11_provider: /x.so',
])('this machine is reached without ssh, and nobody minds its %s', async (variable) => {
  const name = `{ ansible_connection: local, ${variable} }`;
  const { hosts } = await contact({ 'hosts.yaml': `etcd: { hosts: { a: ${name} } }\n` }, 'etcd');
  expect(hosts.get('a')?.connection?.kind).toBe('local');
});

it.each([
  ['group_vars/other.yml', 'x: [1\n'],
  ['host_vars/b.yml', 'x: !reference [a, b]\ny: [\n'],
  ['group_vars/other/list.yml', '- 1\n'],
  ['group_vars/other.yml', '<<<<<<< HEAD\nx: 1\n'],
])('what is wrong with a file is an error for the hosts that it is about alone: %s', async (name, text) => {
  const files = { ...beside('{}'), [name]: text };
  expect((await contact(files, 'etcd')).hosts.size).toBe(1);
  const [error] = await refusal(contact(files, 'other'));
  expect(error?.position?.file).toContain(name);
});

it.each([
  ['Vagrantfile', 'Vagrant.configure("2") do |config|\n  config.vm.box = "x"\nend\n'],
  ['Makefile', 'all: deploy\ndeploy:\n\tansible-playbook site.yml\n'],
  ['site.yml', '- hosts: all\n  tasks: []\n'],
  ['requirements.yml', 'collections:\n  - name: x.y\n'],
  ['NOTES.adoc', '= Title\n\nOverview\n\nSee the wiki page.\n'],
  ['some.patch', 'web7\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n+y z\n'],
])('a folder of inventories may have a %s in it', async (name, text) => {
  const folder = write({ 'inv/hosts.yml': 'etcd: { hosts: { a: } }\n', [`inv/${name}`]: text });
  const inventory = await loadInventory({ files: [join(folder, 'inv')], schema: {} });
  expect(inventory.hosts.map((host) => host.name)).toEqual(['a']);
  await expect(loadInventory({ files: [join(folder, 'inv', name)], schema: {} })).rejects.toThrow();
});

it('a broken file is an error for whoever asks for what it may have', async () => {
  const files = {
    'hosts.yaml': `etcd: { hosts: { a: { ansible_host: "{{ hostvars['b'].addr }}" } } }\nother: { hosts: { b: } }\n`,
    'group_vars/all.yml': 'addr: 192.0.2.1\n',
    'host_vars/b.yml': 'addr: 192.0.2.9\nbroken: [\n',
  };
  const [error] = await refusal(contact(files, 'etcd'));
  expect(error?.position?.file).toContain('host_vars/b.yml');
});

it('a broken file that may decide of groups is an error for everybody', async () => {
  const files = {
    'hosts.yaml': 'all: { hosts: { a: , b: } }\n',
    'z.yaml': "plugin: constructed\nuse_vars_plugins: true\ngroups: { etcd: kind == 'etcd' }\n",
    'host_vars/a.yml': 'kind: etcd\n',
    'host_vars/b.yml': 'kind: etcd\nbroken: [\n',
  };
  const folder = write(files);
  const loading = loadInventory({
    files: ['hosts.yaml', 'z.yaml'].map((name) => join(folder, name)),
    schema: {},
  });
  const [error] = await refusal(loading);
  expect(error?.position?.file).toContain('host_vars/b.yml');
});

it('where ssh lies matters to nobody', async () => {
  const way = `{ ansible_ssh_executable: "{{ lookup('pipe', 'which ssh') }}" }`;
  const { notices } = await contact({ 'hosts.yaml': `etcd: { hosts: { a: ${way} } }\n` }, 'etcd');
  expect(notices).toEqual(['not used here: ansible_ssh_executable']);
});

describe('a script', () => {
  const script = async (text: string) => {
    const folder = write({ 'list.sh': text });
    chmodSync(join(folder, 'list.sh'), 0o755);
    return loadInventory({ files: [join(folder, 'list.sh')], schema: {} });
  };

  it('is asked for each host when it has no _meta', async () => {
    const inventory = await script(
      '#!/bin/sh\n[ "$1" = --list ] && echo \'{"g": ["a", "b"]}\' || echo "{\\"me\\": \\"$2\\"}"\n',
    );
    expect(inventory.groups.get('g')).toEqual(['a', 'b']);
    expect(inventory.variablesOf('b').get('me')?.at(-1)?.value).toBe('b');
  });

  it('has its settings beside it, in a folder of inventories', async () => {
    const folder = write({
      'inv/ec2.py': '#!/bin/sh\necho \'{"g": ["a"]}\'\n',
      'inv/ec2.ini': '[ec2]\nregions = all\ncache_path = ~/.ansible/tmp\n',
      'inv/more.ini': '[g]\nb\n',
    });
    chmodSync(join(folder, 'inv/ec2.py'), 0o755);
    const inventory = await loadInventory({ files: [join(folder, 'inv')], schema: {} });
    expect(inventory.groups.get('g')).toEqual(['a', 'b']);
  });

  it('does not get what is meant for us alone', async () => {
    vi.stubEnv('QUORATE_CA_PASSPHRASE', 'correct horse');
    vi.stubEnv('CLOUD_TOKEN', 'theirs');
    const inventory = await script(
      '#!/bin/sh\necho "{\\"g\\": {\\"hosts\\": [\\"a\\"], \\"vars\\": {\\"got\\": \\"$QUORATE_CA_PASSPHRASE-$CLOUD_TOKEN\\"}}}"\n',
    ).finally(() => vi.unstubAllEnvs());
    expect(inventory.variablesOf('a').get('got')?.at(-1)?.value).toBe('-theirs');
  });

  it.each([
    ['exit 3', 'ended with 3; it says: no credentials'],
    ['echo nonsense', 'did not print a JSON mapping; it says: no credentials'],
  ])('that fails gets its own last word: %s', async (end, message) => {
    const [error] = await refusal(script(`#!/bin/sh\necho no credentials >&2\n${end}\n`));
    expect(error?.message).toContain(message);
  });
});

it('a script that does not end is ended after a minute, with all that it started', async () => {
  const folder = write({
    'list.sh': '#!/bin/sh\ncd "$(dirname "$0")"\nsleep 1000 &\necho $! >begun\nwait\n',
  });
  const file = join(folder, 'list.sh');
  chmodSync(file, 0o755);
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const refused = refusal(loadInventory({ files: [file], schema: {} }));
  const pid = () =>
    existsSync(join(folder, 'begun')) ? readFileSync(join(folder, 'begun'), 'utf8').trim() : '';
  while (pid() === '') await new Promise((done) => setImmediate(done));
  vi.advanceTimersByTime(60_000);
  const [error] = await refused;
  expect(error?.message).toContain('took longer than 60 s');
  const state = existsSync(`/proc/${pid()}/stat`) ? readFileSync(`/proc/${pid()}/stat`, 'utf8') : ') Z';
  expect(state).toMatch(/\) [ZX]/);
});

describe('a script that is asked for each of many hosts', () => {
  const names = Array.from({ length: 50 }, (_, i) => `"h${i}"`).join(',');
  const script = (each: string) => {
    const folder = write({
      'list.sh': `#!/bin/sh\ncd "$(dirname "$0")"\nif [ $1 = --list ]; then echo '{"a": [${names}]}'; else echo $2 >>asked; ${each}; fi\n`,
    });
    chmodSync(join(folder, 'list.sh'), 0o755);
    const asked = () =>
      existsSync(join(folder, 'asked')) ? readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n') : [];
    return { file: join(folder, 'list.sh'), asked };
  };

  it('is asked no more once a call did not end', async () => {
    const { file, asked } = script('exec sleep 1000');
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const refused = refusal(loadInventory({ files: [file], schema: {} }));
    while (asked().length < 4) await new Promise((done) => setImmediate(done));
    vi.advanceTimersByTime(60_000);
    expect((await refused)[0]?.message).toMatch(/--host h\d took longer than 60 s/);
    expect(asked()).toHaveLength(4);
  });

  it('has ten minutes for all of it', async () => {
    const { file, asked } = script('echo {}');
    const start = performance.now();
    const clock = vi.spyOn(performance, 'now');
    onTestFinished(() => clock.mockRestore());
    clock.mockImplementation(() => (asked().length < 8 ? start : start + 600_001));
    const [error] = await refusal(loadInventory({ files: [file], schema: {} }));
    expect(error?.message).toMatch(/--host h\d+ and the calls before it took longer than 600 s/);
    expect(asked().length).toBeLessThan(20);
  });
});

describe('which group a play is about', () => {
  const playbook = { name: 'x', description: '', plays: [] };
  const meant = async (text: string, ...extraVars: readonly string[]) => {
    const folder = write({ 'hosts.ini': text });
    const inventory = await loadInventory({
      files: [join(folder, 'hosts.ini')],
      schema: ETCD_VARS,
      extraVars,
    });
    const play = { hosts: 'etcd', groupVariable: 'etcd_group' };
    const { playbook: found, except } = chosenGroups({ ...playbook, plays: [play as never] }, inventory, {
      file: 'x.ts',
      typed: 'x.ts',
      launcher: 'node',
    });
    return [found.plays[0]?.hosts, [...except]];
  };

  it.each([
    ['its own', '[etcd]\na\n[kv]\nb\n', [], 'etcd', false],
    ['the one of -e', '[etcd]\na\n[kv]\nb\n', ['etcd_group=kv'], 'kv', true],
    ['the one of the inventory', '[kv]\nb\n[kv:vars]\netcd_group=kv\n', [], 'kv', true],
    [
      'its own, where the variable is about the system',
      '[etcd]\na\n[etcd:vars]\netcd_group=wheel\n',
      [],
      'etcd',
      false,
    ],
    ['its own, where both are there', '[etcd]\na\n[kv]\nb\n[all:vars]\netcd_group=kv\n', [], 'etcd', false],
  ])('%s', async (_, text, extra, group, taken) => {
    expect(await meant(text, ...extra)).toEqual([group, taken ? ['etcd_group'] : []]);
  });

  it('is never guessed: a slip of -e is refused, and what is far from every group is about the system', async () => {
    const text = '[etcd]\na\n[prod_kv]\nb\n';
    const [error] = await refusal(meant(text, 'etcd_group=prod_vk'));
    expect([error?.exitCode, error?.message]).toEqual([
      1,
      '-e etcd_group=prod_vk names no group of this inventory',
    ]);
    expect(error?.hint).toMatch(/^did you mean prod_kv\?/);
    expect(await meant(text, 'etcd_group=wheel')).toEqual(['etcd', []]);
  });

  it('is asked for where there is none', async () => {
    const [error] = await refusal(meant('[kv]\nb\n[web]\nc\n'));
    expect(error?.message).toBe('there is no group etcd in this inventory');
    expect(error?.hint).toBe(
      '-e etcd_group=GROUP means another one, or a line etcd_group: GROUP in the inventory; groups: kv, web',
    );
  });
});
