import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ETCD_VARS } from '../../../lib/etcd/model/vars.ts';
import { Problems } from '../../../lib/inventory/checks/problems.ts';
import { namesIn } from '../../../lib/inventory/folders.ts';
import { expandRange } from '../../../lib/inventory/ranges.ts';
import { type Files, load, readAll, refusal, varsOf, write } from './support.ts';

describe('ranges', () => {
  it.each([
    ['node', 'node'],
    ['node[1:3]', 'node1 node2 node3'],
    ['node[01:03]', 'node01 node02 node03'],
    ['node[008:010]', 'node008 node009 node010'],
    ['node[8:10]', 'node8 node9 node10'],
    ['node[1:6:2]', 'node1 node3 node5'],
    ['node[3:3]', 'node3'],
    ['[a:c].example.com', 'a.example.com b.example.com c.example.com'],
    ['[A:B]', 'A B'],
    ['r[1:2]n[a:b]', 'r1na r1nb r2na r2nb'],
  ])('%s', (name, names) => {
    expect(expandRange(name)).toEqual(names.split(' '));
  });

  it('has 10000 hosts at most', () => {
    expect(expandRange('n[1:10000]')).toHaveLength(10_000);
    expect(expandRange('n[1:10001]')).toHaveProperty('problem');
    expect(expandRange('n[1:101][1:100]')).toHaveProperty('problem');
  });
});

/** From the weakest to the strongest: each layer on top of those before it says its own name. */
const LAYERS: readonly (readonly [layer: string, files: Files, extraVars?: readonly string[]])[] = [
  ['etcd', {}],
  ['all', { 'inventory.yaml': tree({ all: 'all' }) }],
  ['parent', { 'inventory.yaml': tree({ all: 'all', parent: 'parent' }) }],
  ['child', { 'inventory.yaml': tree({ all: 'all', parent: 'parent', etcd: 'child' }) }],
  ['group_vars-all', { 'group_vars/all.yml': 'etcd_user: group_vars-all' }],
  ['group_vars-parent', { 'group_vars/parent.yaml': 'etcd_user: group_vars-parent' }],
  ['group_vars-child', { 'group_vars/etcd/main.yml': 'etcd_user: group_vars-child' }],
  ['host', { 'inventory.yaml': tree({ all: 'all', parent: 'parent', etcd: 'child', h1: 'host' }) }],
  ['host_vars', { 'host_vars/h1.json': '{"etcd_user": "host_vars"}' }],
  ['extra', {}, ['etcd_user=extra']],
];

function tree(users: Readonly<Record<string, string>>): string {
  const vars = (name: string) => (users[name] ? `{ etcd_user: ${users[name]} }` : '{}');
  return `
all:
  vars: ${vars('all')}
  children:
    parent:
      vars: ${vars('parent')}
      children:
        etcd:
          vars: ${vars('etcd')}
          hosts: { h1: ${vars('h1')}, h2: }
`;
}

/** Two groups that say different things. */
function pair(one: string, two: string): string {
  return `${one}, vars: { etcd_user: one } }\n${two}, vars: { etcd_user: two } }\n`;
}

describe('precedence', () => {
  it.each(LAYERS.map(([layer], i) => [layer, i] as const))('%s', async (layer, i) => {
    const layers = LAYERS.slice(0, i + 1);
    const files = Object.assign({ 'inventory.yaml': tree({}) }, ...layers.map(([, each]) => each));
    const inventory = await load(files, { extraVars: layers.flatMap(([, , extra]) => extra ?? []) });
    expect(varsOf(inventory, 'h1').etcd_user).toBe(layer);
    expect(inventory.hosts[0]?.groups).toEqual(['all', 'parent', 'etcd']);
    expect(inventory.notices).toEqual([]);
  });

  it('says where a value is from', async () => {
    const files = {
      'inventory.yaml': tree({ etcd: 'child' }),
      'host_vars/h1.yml': '# first\netcd_group: a\nansible_ssh_user: b',
    };
    const { hosts, folder } = await load(files, { extraVars: ['etcd_peer_port=2381'] });
    const [host] = hosts;
    expect(host?.origin('etcd_user')).toEqual({ file: join(folder, 'inventory.yaml'), line: 9, column: 19 });
    expect(host?.origin('etcd_group')).toMatchObject({ file: join(folder, 'host_vars/h1.yml'), line: 2 });
    expect(host?.origin('ansible_user')).toMatchObject({ line: 3 });
    expect(host?.origin('etcd_peer_port')).toBe('extra-vars');
    expect(host?.origin('etcd_client_port')).toBe('default');
  });

  it("lets a host's synonym win over its group's name", async () => {
    const { hosts } = await load(
      'etcd:\n  hosts:\n    a: { ansible_ssh_user: bob }\n  vars: { ansible_user: root }\n',
    );
    expect(hosts[0]?.connection.user).toBe('bob');
  });

  it.each([
    ['the host', pair('x: { hosts: { a: }', 'y: { hosts: { a: { etcd_user: me } }')],
    ['-e', pair('x: { hosts: { a: }', 'y: { hosts: { a: }'), ['etcd_user=me']],
    [
      'a child of both',
      `${pair('x: { children: { z: }', 'y: { children: { z: }')}z: { hosts: { a: }, vars: { etcd_user: me } }`,
    ],
    ['agreement', pair('x: { hosts: { a: }', 'y: { hosts: { a: }').replaceAll(/one|two/g, 'me')],
  ])('settles what two groups say: %s', async (_, text, extraVars: readonly string[] = []) => {
    expect(varsOf(await load(text, { extraVars }), 'a').etcd_user).toBe('me');
  });

  it('adds files up, each with what lies beside it', async () => {
    const one = 'etcd:\n  hosts: { a: }\n  vars: { etcd_user: one }\n';
    const inventories = ['x/one.yaml', 'y/two.yaml'];
    const two = 'etcd:\n  hosts: { b: }\n';
    const files = { 'x/one.yaml': one, 'y/two.yaml': two, 'y/host_vars/a.yml': 'etcd_group: two' };
    const inventory = await load(files, { inventories });
    expect(inventory.groups.get('etcd')).toEqual(['a', 'b']);
    expect(varsOf(inventory, 'b').etcd_user).toBe('one');
    expect(varsOf(inventory, 'a').etcd_group).toBe('two');
  });

  it.each(['group_vars/etcd.yml', 'group_vars/etcd/main.yml', 'host_vars/a.yml'])(
    'resolves relative paths of %s from the folder of the inventory',
    async (file) => {
      const vars = `etcd_pki_dir: pki
ansible_ssh_private_key_file: keys/id
ansible_ssh_common_args: -o UserKnownHostsFile=known
`;
      const key = '-----BEGIN OPENSSH PRIVATE KEY-----\n';
      const files = {
        'x/inventory.yaml': 'etcd: { hosts: { a: } }\n',
        [`x/${file}`]: vars,
        'x/keys/id': key,
      };
      const inventory = await load(files, { inventories: ['x/inventory.yaml'] });
      const [host] = inventory.hosts;
      const beside = join(inventory.folder, 'x');
      expect(host?.vars.etcd_pki_dir).toBe(join(beside, 'pki'));
      expect(host?.connection).toMatchObject({
        keyFile: join(beside, 'keys/id'),
        knownHostsFile: join(beside, 'known'),
      });
      expect(host?.origin('etcd_pki_dir')).toEqual({ file: join(beside, file), line: 1, column: 1 });
    },
  );

  it('resolves relative paths of -e from its file, or from here', async () => {
    const files = { 'inventory.yaml': 'etcd: { hosts: { a: } }\n' };
    const folder = write({ 'more/vars.yml': 'etcd_pki_dir: pki\n' });
    const pki = async (...extraVars: string[]) => varsOf(await load(files, { extraVars }), 'a').etcd_pki_dir;
    expect(await pki(`@${folder}/more/vars.yml`)).toBe(join(folder, 'more/pki'));
    expect(await pki('etcd_pki_dir=pki')).toBe(join(process.cwd(), 'pki'));
  });

  it('takes aliases and merged keys', async () => {
    const inventory = await load(`
etcd:
  hosts:
    a: &a { etcd_user: x, etcd_group: y, etcd_extra_sans: &sans [lb] }
    b: { etcd_user: z, <<: *a }
    c: *a
    d: { etcd_user: !unsafe u }
    1.10: { etcd_extra_sans: *sans }
`);
    expect(varsOf(inventory, 'b')).toMatchObject({
      etcd_user: 'z',
      etcd_group: 'y',
      etcd_extra_sans: ['lb'],
    });
    expect(varsOf(inventory, 'c').etcd_user).toBe('x');
    expect(varsOf(inventory, 'd').etcd_user).toBe('u');
    expect(varsOf(inventory, '1.10').etcd_extra_sans).toEqual(['lb']);
  });
});

describe('notices', () => {
  it('lists what belongs to other tools, and files of nobody', async () => {
    const { notices, folder } = await load({
      'inventory.yaml': 'etcd:\n  hosts: { a: }\n  vars: { ansible_python_interpreter: /x, app: 1 }\n',
      'group_vars/etdc.yml': 'etcd_user: x',
    });
    expect(notices).toEqual([
      `not used: etdc.yml in ${folder}/group_vars, as no group has that name`,
      'not used here: ansible_python_interpreter, app',
    ]);
  });
});

it('passes over links in group_vars and host_vars that lead nowhere', async () => {
  const folder = write({
    'inventory.yaml': 'etcd: { hosts: { h1: } }\n',
    'group_vars/etcd.yml': 'etcd_user: kv\n',
    'host_vars/': '',
  });
  symlinkSync('/nowhere/vault.yml', join(folder, 'group_vars/etcd'));
  symlinkSync('/nowhere/secret.yml', join(folder, 'group_vars/all.yml'));
  symlinkSync('/nowhere', join(folder, 'host_vars/h1'));
  const inventory = await readAll({
    files: [join(folder, 'inventory.yaml')],
    schema: ETCD_VARS,
    playbookFolder: folder,
  });
  expect(varsOf(inventory, 'h1').etcd_user).toBe('kv');
  expect(inventory.notices).toEqual([
    `not used: all.yml, etcd in ${folder}/group_vars, which lead to no file`,
    `not used: h1 in ${folder}/host_vars, which lead to no file`,
  ]);
});

it('passes over what is not a file in folders, and goes into none twice', async () => {
  const folder = write({
    'inv/hosts.yml': 'etcd: { hosts: { h1: } }\n',
    'inv/sub/more.yml': 'etcd: { hosts: { h2: } }\n',
    'inv/group_vars/etcd/main.yml': 'etcd_user: kv\n',
    'inv/host_vars/': '',
  });
  for (const path of ['inv/pipe', 'inv/group_vars/all.yml', 'inv/host_vars/h1'])
    execFileSync('mkfifo', [join(folder, path)]);
  for (const path of ['inv/again', 'inv/sub/up', 'inv/group_vars/etcd/again', 'inv/group_vars/etcd/twice'])
    symlinkSync('.', join(folder, path));
  symlinkSync('../..', join(folder, 'inv/sub/above'));
  symlinkSync('/nowhere', join(folder, 'inv/gone'));
  const inventory = await readAll({ files: [join(folder, 'inv')], schema: ETCD_VARS, playbookFolder: '/' });
  expect(inventory.hosts.map(({ name, vars }) => [name, vars.etcd_user])).toEqual([
    ['h1', 'kv'],
    ['h2', 'kv'],
  ]);
  expect(inventory.notices.map((one) => one.replaceAll(folder, 'DIR'))).toEqual([
    'not used: DIR/inv/gone, a link that leads to no file',
    'not used: DIR/inv/pipe, which is not a file',
    'not used: all.yml in DIR/inv/group_vars, which lead to no file',
    'not used: h1 in DIR/inv/host_vars, which lead to no file',
  ]);
}, 10_000);

it('tells a folder that cannot be read', () => {
  const problems = new Problems();
  expect(namesIn(join(write({ file: '' }), 'file'), problems)).toBeUndefined();
  expect(() => problems.throwIfAny()).toThrow(/cannot read the folder .*file: ENOTDIR/);
});

describe('yes and no', () => {
  it.each([
    ...['yes', 'on', 'true', 'True', '"yes"', 'YES', '1', '"1"', 'y', 't'].map(
      (text) => [text, true] as const,
    ),
    ...['no', 'off', 'false', 'False', '"no"', 'Off', '0', '"0"', 'n', 'F'].map(
      (text) => [text, false] as const,
    ),
  ])('%s', async (text, value) => {
    const inventory = await load(
      `etcd:\n  hosts:\n    a: { ansible_become: ${text}, etcd_loopback_http: ${text} }\n`,
    );
    expect(varsOf(inventory, 'a').etcd_loopback_http).toBe(value);
    expect(inventory.hosts[0]?.connection.become).toBe(value);
  });
});

describe('-u and -b', () => {
  const defaults = { user: 'flag', become: true };

  it.each<readonly [string, readonly string[], string, boolean]>([
    ['hold where no variable is', [], 'flag', true],
    ['lose to -e', ['ansible_user=extra ansible_become=no'], 'extra', false],
  ])('%s', async (_, extraVars, user, become) => {
    const { hosts } = await load('all: { hosts: { a: } }\n', { defaults, extraVars });
    expect(hosts[0]?.connection).toMatchObject({ user, become });
  });

  it('lose to the inventory', async () => {
    const text = 'all: { hosts: { a: { ansible_ssh_user: file, ansible_become: false } } }\n';
    const { hosts } = await load(text, { defaults });
    expect(hosts[0]?.connection).toMatchObject({ user: 'file', become: false });
  });
});

describe('a variable of a connection that is null or empty says nothing', () => {
  const names = `ansible_user ansible_port ansible_password ansible_private_key_file ansible_ssh_common_args
    ansible_timeout ansible_host_key_checking ansible_connection ansible_become ansible_become_user ansible_become_password
    ansible_become_method`.split(/\s+/);

  it.each(names.flatMap((name) => ['', '""', '~'].map((value) => [name, value] as const)))(
    '%s: %s',
    async (name, value) => {
      const plain = await load('all: { hosts: { a: } }\n');
      const { hosts } = await load(`all: { hosts: { a: { ${name}: ${value} } } }\n`);
      expect(hosts[0]?.connection).toEqual(plain.hosts[0]?.connection);
    },
  );

  it('in an INI file', async () => {
    const { hosts } = await load({ hosts: 'a ansible_user= ansible_port=""\n' }, { inventories: ['hosts'] });
    expect(hosts[0]?.connection).toMatchObject({ user: undefined, port: undefined });
  });
});

describe('a password that ends in a line end, as vaults and files do', () => {
  it.each([
    ['hunt er\\n', 'hunt er'],
    ['hunt\\r\\n', 'hunt'],
    ['hunt\\t', 'hunt\t'],
    ['\\n', undefined],
  ])('%j is read without it', async (written, password) => {
    const { hosts } = await load(
      `all: { hosts: { a: { ansible_password: "${written}", ansible_become_password: "${written}" } } }\n`,
    );
    const { password: login, becomePassword } = hosts[0]?.connection ?? {};
    expect([login?.reveal(), becomePassword?.reveal()]).toEqual([password, password]);
  });
});

describe('the way to a host', () => {
  const way = async (inventory: string, options: Parameters<typeof load>[1] = {}) => {
    const { hosts } = await load({ hosts: inventory }, { inventories: ['hosts'], ...options });
    const { user, address, port } = hosts[0]?.connection ?? {};
    return { user, address, port };
  };

  it.each([
    ['root@10.0.0.1', {}, { user: 'root', address: '10.0.0.1', port: undefined }],
    ['w ansible_host=me@web', {}, { user: 'me', address: 'web', port: undefined }],
    ['w ansible_host="DOM\\\\me@there@web"', {}, { user: 'DOM\\me@there', address: 'web', port: undefined }],
    ['w ansible_host=me@[fd00::1]', {}, { user: 'me', address: 'fd00::1', port: undefined }],
    ['w ansible_host=me@web ansible_user=you', {}, { user: 'you', address: 'web', port: undefined }],
    ['me@w ansible_host=web', {}, { user: undefined, address: 'web', port: undefined }],
    ['me@web', { defaults: { user: 'flag' } }, { user: 'flag', address: 'web', port: undefined }],
    [
      'w ansible_host=web.example.org.',
      {},
      { user: undefined, address: 'web.example.org.', port: undefined },
    ],
    ['web.example.org.', {}, { user: undefined, address: 'web.example.org.', port: undefined }],
    ['w ansible_host=fe80::1%eth0', {}, { user: undefined, address: 'fe80::1%eth0', port: undefined }],
    ['w ansible_host=::ffff:10.0.0.1', {}, { user: undefined, address: '::ffff:10.0.0.1', port: undefined }],
  ])('of %s with %j', async (line, options, wanted) => {
    expect(await way(`${line}\n`, options)).toEqual(wanted);
  });

  it.each([
    ['10.0.0.1', '::ffff:10.0.0.1'],
    ['web.example.org', 'web.example.org.'],
    ['me@web', 'you@WEB'],
    ['fd00::1', 'FD00:0::1'],
  ])('%s and %s is the same one', async (one, other) => {
    const [error] = await refusal(way(`a ansible_host=${one}\nb ansible_host=${other}\n`));
    expect(error?.message).toContain('have the same address');
  });
});

describe('ansible_connection', () => {
  it.each([
    ['ssh', 'ssh'],
    ['smart', 'ssh'],
    ['paramiko_ssh', 'ssh'],
    ['ansible.builtin.ssh', 'ssh'],
    ['ansible.builtin.local', 'local'],
    ['local', 'local'],
  ])('%s', async (connection, kind) => {
    const vars = `{ ansible_connection: ${connection}, ansible_become_method: ansible.builtin.sudo }`;
    const { hosts } = await load(`etcd:\n  hosts:\n    a: ${vars}\n`);
    expect(hosts[0]?.connection.kind).toBe(kind);
  });
});

it.each([
  ['kk.pub', { 'kk.pub': 'ssh-ed25519 AAAA me\n' }],
  ['kk', { 'kk.pub': 'ssh-ed25519 AAAA me\n' }],
])('a key may be named by its public half where there is an agent: %s', async (name, files) => {
  vi.stubEnv('SSH_AUTH_SOCK', '/run/agent');
  const text = `etcd:\n  hosts:\n    a: { ansible_ssh_private_key_file: ${name} }\n`;
  const loading = load({ 'inventory.yaml': text, ...files });
  const { hosts, folder } = await loading.finally(() => vi.unstubAllEnvs());
  expect(hosts[0]?.connection.keyFile).toBe(`${folder}/${name}`);
});

describe('ansible_ssh_common_args', () => {
  it.each([
    ['-o ProxyJump=root@jump:22', { proxyJump: 'root@jump:22' }],
    ['-J a,b', { proxyJump: 'a,b' }],
    ['-Ja -J b', { proxyJump: 'a' }],
    ['-oproxyjump=a', { proxyJump: 'a' }],
    ['-o "ProxyJump a"', { proxyJump: 'a' }],
    ['-o StrictHostKeyChecking=no', { strictHostKeyChecking: 'no' }],
    ['-o StrictHostKeyChecking=accept-new', { strictHostKeyChecking: 'accept-new' }],
    ['-o StrictHostKeyChecking=ask', { strictHostKeyChecking: 'yes' }],
    ['-o StrictHostKeyChecking=false', { strictHostKeyChecking: 'no' }],
    ['-o StrictHostKeyChecking=True', { strictHostKeyChecking: 'yes' }],
    ['-J first.last+x@b', { proxyJump: 'first.last+x@b' }],
    ['-J %r@gw-%n:2222,b-%h', { proxyJump: '%r@gw-%n:2222,b-%h' }],
    ['-o UserKnownHostsFile=/dev/null', { knownHostsFile: '/dev/null' }],
    [
      '-o UserKnownHostsFile="/a b/c" -J x',
      { sshOptions: [['UserKnownHostsFile', '/a b/c']], proxyJump: 'x' },
    ],
    ['-o UserKnownHostsFile="\\"/a b/c\\"" -J x', { knownHostsFile: '/a b/c', proxyJump: 'x' }],
    ['-o UserKnownHostsFile=none', { knownHostsFile: '/dev/null' }],
    ['-o "UserKnownHostsFile=/a /b"', { sshOptions: [['UserKnownHostsFile', '/a /b']] }],
    [
      '-o "UserKnownHostsFile=/a /b" -o UserKnownHostsFile=/c',
      { sshOptions: [['UserKnownHostsFile', '/a /b']] },
    ],
    ['-o ProxyJump=ssh://u@h:22', { proxyJump: 'ssh://u@h:22' }],
    ['-J ssh://u@h:22,v@[2001:db8::1]:2222', { proxyJump: 'ssh://u@h:22,v@[2001:db8::1]:2222' }],
    ['-o UserKnownHostsFile=keys', { knownHostsFile: 'DIR/keys' }],
    ['-o ProxyCommand="nc -x p %h %p"', { proxyCommand: 'nc -x p %h %p' }],
    ['-J a -o ProxyCommand=nc', { proxyJump: 'a' }],
    ['-o ProxyCommand=none -J a', { proxyCommand: 'none' }],
    [
      '-o Ciphers=3des-cbc -4',
      {
        sshOptions: [
          ['AddressFamily', 'inet'],
          ['Ciphers', '3des-cbc'],
        ],
      },
    ],
    ['-F ssh.cfg', { sshConfigFile: 'DIR/ssh.cfg' }],
    ['-F none -q', { sshConfigFile: 'none' }],
  ])('%s', async (args, wanted) => {
    const { hosts, folder } = await load(`etcd:\n  hosts:\n    a: { ansible_ssh_common_args: '${args}' }\n`);
    const { proxyJump, proxyCommand, knownHostsFile, strictHostKeyChecking, sshOptions, sshConfigFile } =
      hosts[0]?.connection ?? {};
    expect({
      proxyJump,
      proxyCommand,
      knownHostsFile: knownHostsFile?.replace(folder, 'DIR'),
      strictHostKeyChecking,
      sshOptions,
      sshConfigFile: sshConfigFile?.replace(folder, 'DIR'),
    }).toEqual({
      proxyJump: undefined,
      knownHostsFile: undefined,
      strictHostKeyChecking: undefined,
      ...wanted,
    });
  });
});

describe("Ansible gives ssh ansible_ssh_args, then variables of their own, then the others' options", () => {
  it.each([
    ['ansible_ssh_args', '-o Port=9', { sshFirst: [['Port', '9']] }],
    ['ansible_ssh_common_args', '-o Port=9', { sshOptions: [['Port', '9']] }],
    ['ansible_ssh_extra_args', '-l x', { sshOptions: [['User', '"x"']] }],
    ['ansible_ssh_args', '-o StrictHostKeyChecking=yes', { strictHostKeyChecking: 'yes' }],
    ['ansible_ssh_common_args', '-o StrictHostKeyChecking=yes', { strictHostKeyChecking: 'no' }],
  ])('%s: %s', async (name, args, wanted) => {
    const text = `etcd: { hosts: { a: { ansible_host_key_checking: false, ${name}: '${args}' } } }\n`;
    const { connection } = (await load(text)).hosts[0] ?? {};
    const { sshFirst, sshOptions, strictHostKeyChecking } = connection ?? {};
    expect({ sshFirst, sshOptions, strictHostKeyChecking }).toEqual({
      sshFirst: undefined,
      sshOptions: undefined,
      strictHostKeyChecking: 'no',
      ...wanted,
    });
  });
});

describe('ansible_timeout', () => {
  it.each([
    ['ansible_timeout: 77', 77],
    ['ansible_timeout: "5"', 5],
    ['ansible_timeout: 7, ansible_ssh_timeout: 8', 8],
    ['ansible_ssh_timeout: 0', 0],
  ])('%s', async (vars, seconds) => {
    const { hosts } = await load(`etcd: { hosts: { a: { ${vars} } } }\n`);
    expect(hosts[0]?.connection.connectTimeout).toBe(seconds);
  });

  it.each(['-3', '7.5', '1m', 'true'])('%s is refused', async (value) => {
    const [error] = await refusal(load(`etcd: { hosts: { a: { ansible_timeout: ${value} } } }\n`));
    expect(error?.message).toMatch('ansible_timeout of a: must be whole seconds, found ');
  });
});

it.each([
  ['-F', 'ansible_ssh_common_args: -F ssh.cfg', 'sshConfigFile'],
  ['known hosts', 'ansible_ssh_common_args: -o UserKnownHostsFile=ssh.cfg', 'knownHostsFile'],
] as const)(
  'a relative path of %s is beside the inventory, else in the current directory',
  async (_, args, name) => {
    const text = `etcd: { hosts: { a: { ${args} } } }\n`;
    const here = write({ 'ssh.cfg': '' });
    vi.spyOn(process, 'cwd').mockReturnValue(here);
    onTestFinished(() => void vi.restoreAllMocks());
    expect((await load(text)).hosts[0]?.connection[name]).toBe(join(here, 'ssh.cfg'));
    const beside = await load({ 'inventory.yaml': text, 'ssh.cfg': '' });
    expect(beside.hosts[0]?.connection[name]).toBe(join(beside.folder, 'ssh.cfg'));
  },
);

it.each([
  ['v3.5.30', '3.5.30'],
  ['3.6.0-rc.1', '3.6.0-rc.1'],
  ['v3.6.0-rc.1', '3.6.0-rc.1'],
])('etcd_version: %s, as other roles write it, is %s', async (written, version) => {
  const inventory = await load(`etcd: { hosts: { h1: { etcd_version: ${written} } } }\n`);
  expect(varsOf(inventory, 'h1').etcd_version).toBe(version);
});

it.each([
  ["Ansible's later name of a variable counts", [], ['old', '10.0.0.9', 2209]],
  [
    '-e beats them all',
    ['ansible_user=new', 'ansible_host=10.0.0.8', 'ansible_port=22'],
    ['new', '10.0.0.8', 22],
  ],
  ['by its other name, too', ['ansible_ssh_user=new', 'ansible_ssh_port=22'], ['new', '10.0.0.9', 22]],
  ['by both, the later one', ['ansible_ssh_user=new', 'ansible_user=lost'], ['new', '10.0.0.9', 2209]],
])('of several names %s', async (_, extraVars, expected) => {
  const old = 'ansible_ssh_user: old, ansible_ssh_host: 10.0.0.9, ansible_ssh_port: 2209';
  const text = `etcd: { hosts: { h1: { ${old}, ansible_user: u, ansible_host: 10.0.0.1, ansible_port: 1 } } }\n`;
  const { hosts } = await load(text, { extraVars });
  const { user, address, port } = hosts[0]?.connection ?? {};
  expect([user, address, port]).toEqual(expected);
});

it.each([
  ['the later name', '', '', 'b'],
  ['the higher priority', '[a:vars]\nansible_group_priority=10\n', '', 'a'],
  [
    'of two priorities the higher one',
    '[a:vars]\nansible_group_priority=3\n',
    '[b:vars]\nansible_group_priority=4\n',
    'b',
  ],
  ['the inner group, whatever the priority', '[all:vars]\nansible_group_priority=10\n', '', 'b'],
  [
    'the inner one of two',
    '[a:children]\nz\n[z]\nh\n[z:vars]\netcd_user=z\n',
    '[b:vars]\nansible_group_priority=9\n',
    'z',
  ],
])('of groups that say one variable %s counts', async (_, a, b, value) => {
  const text = `[a]\nh\n[b]\nh\n[a:vars]\netcd_user=a\n[b:vars]\netcd_user=b\n[all:vars]\netcd_user=all\n${a}${b}`;
  const inventory = await load({ hosts: text }, { inventories: ['hosts'] });
  expect(varsOf(inventory, 'h').etcd_user).toBe(value);
});
