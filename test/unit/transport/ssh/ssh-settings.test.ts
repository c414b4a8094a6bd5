import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../../../lib/transport/host.ts';
import { type SshSettings, sshSettings } from '../../../../lib/transport/ssh/ssh-settings.ts';
import { scratch } from '../../support/scratch.ts';
import { connectionOf } from '../support/connection.ts';

const { HOME, SSH_AUTH_SOCK } = process.env;
let home = '';

beforeEach(() => {
  home = scratch();
  process.env.HOME = home;
  process.env.SSH_AUTH_SOCK = '/run/agent';
});

afterEach(() => {
  process.env.HOME = HOME;
  process.env.SSH_AUTH_SOCK = SSH_AUTH_SOCK;
  if (SSH_AUTH_SOCK === undefined) delete process.env.SSH_AUTH_SOCK;
});

/** Settings of `node1`, by ~/.ssh/config and the inventory. */
function settings(config: string, own: Partial<Connection> = {}): Promise<SshSettings> {
  mkdirSync(join(home, '.ssh'), { recursive: true });
  writeFileSync(join(home, '.ssh/config'), config);
  return sshSettings(connectionOf({ kind: 'ssh', address: 'node1', ...own }));
}

const defaultKeys = () => ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => `${home}/.ssh/${name}`);

it('has the defaults of OpenSSH when nothing is said', async () => {
  expect(await sshSettings(connectionOf({ kind: 'ssh', address: 'node1' }))).toEqual({
    name: 'node1',
    address: 'node1',
    port: 22,
    user: userInfo().username,
    keys: { files: defaultKeys(), absent: [], named: false, only: false, certificates: [], rsaBits: 1024 },
    agent: '/run/agent',
    jumps: [],
    hostKey: {
      policy: 'yes',
      knownAs: 'node1',
      portless: undefined,
      user: [`${home}/.ssh/known_hosts`, `${home}/.ssh/known_hosts2`],
      global: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
    },
    proxyCommand: undefined,
    methods: ['publickey', 'password', 'keyboard-interactive'],
    line: { connectMs: 10_000, aliveMs: 4_000, aliveCount: 3, from: undefined, family: undefined },
    algorithms: {},
  });
});

type Wanted = { readonly [Key in keyof SshSettings]?: Partial<SshSettings[Key]> };

const cases: readonly (readonly [string, string, Partial<Connection>, Wanted])[] = [
  [
    'HostName',
    'Host node1\n HostName 10.0.0.1',
    {},
    { address: '10.0.0.1', hostKey: { knownAs: '10.0.0.1' } },
  ],
  ['HostName with %h', 'Host node*\n HostName %h.example.org', {}, { address: 'node1.example.org' }],
  [
    'HostName in another spelling than known_hosts has',
    'Host node1\n HostName FD00:0:0:0:0:0:0:1',
    {},
    { address: 'fd00::1', hostKey: { knownAs: 'fd00::1' } },
  ],
  ['another host', 'Host node2\n HostName 10.0.0.1\n User joe', {}, { address: 'node1' }],
  ['a negated host', 'Host * !node1\n User joe', {}, { user: userInfo().username }],
  ['the first value wins', 'Host node1\n Port 1\nHost *\n Port 2', {}, { port: 1 }],
  [
    'Port',
    'Host node1\n Port 2222',
    {},
    { port: 2222, hostKey: { knownAs: '[node1]:2222', portless: 'node1' } },
  ],
  ['Port, but the inventory wins', 'Host node1\n Port 2222', { port: 2200 }, { port: 2200 }],
  ['User', 'Host node1\n User joe', {}, { user: 'joe' }],
  ['User, but the inventory wins', 'Host node1\n User joe', { user: 'ann' }, { user: 'ann' }],
  ['letters of any case and `=`', 'hOST node1\n uSER=joe', {}, { user: 'joe' }],
  ['Match host', 'Match host node1\n User joe', {}, { user: 'joe' }],
  [
    'HostKeyAlias',
    'Host node1\n HostKeyAlias old\n Port 2222',
    {},
    { hostKey: { knownAs: 'old', portless: undefined } },
  ],
  [
    'StrictHostKeyChecking accept-new',
    'Host *\n StrictHostKeyChecking accept-new',
    {},
    { hostKey: { policy: 'accept-new' } },
  ],
  ['StrictHostKeyChecking no', 'Host *\n StrictHostKeyChecking no', {}, { hostKey: { policy: 'no' } }],
  ['StrictHostKeyChecking off', 'Host *\n StrictHostKeyChecking off', {}, { hostKey: { policy: 'no' } }],
  ['StrictHostKeyChecking ask', 'Host *\n StrictHostKeyChecking ask', {}, { hostKey: { policy: 'yes' } }],
  [
    'StrictHostKeyChecking, but the inventory wins',
    'Host *\n StrictHostKeyChecking no',
    { strictHostKeyChecking: 'yes' },
    { hostKey: { policy: 'yes' } },
  ],
  ['UserKnownHostsFile', 'Host *\n UserKnownHostsFile /a /b', {}, { hostKey: { user: ['/a', '/b'] } }],
  [
    'UserKnownHostsFile, but the inventory wins',
    'Host *\n UserKnownHostsFile /a',
    { knownHostsFile: '/c' },
    { hostKey: { user: ['/c'] } },
  ],
  ['ProxyJump', 'Host node1\n ProxyJump a@b:2200,c', {}, { jumps: ['a@b:2200', 'c'] }],
  [
    'ProxyJump with tokens, which are those of the host behind',
    'Host node1\n HostName 10.0.0.1\n User joe\n Port 7\n ProxyJump %r@gw-%n:2222,b-%h,%p%%',
    {},
    { jumps: ['joe@gw-node1:2222', 'b-10.0.0.1', '7%'] },
  ],
  [
    'ProxyJump with tokens in the inventory',
    '',
    { proxyJump: '%r@gw-%n', user: 'ann' },
    { jumps: ['ann@gw-node1'] },
  ],
  ['ProxyJump none', 'Host node1\n ProxyJump none\nHost *\n ProxyJump b', {}, { jumps: [] }],
  ['ProxyJump, but the inventory wins', 'Host node1\n ProxyJump b', { proxyJump: 'c' }, { jumps: ['c'] }],
  ['ProxyJump none in the inventory', 'Host node1\n ProxyJump b', { proxyJump: 'none' }, { jumps: [] }],
  ['ProxyCommand none', 'Host node1\n ProxyCommand none', {}, { jumps: [] }],
  ['IdentityAgent', 'Host *\n IdentityAgent /agent-%r', { user: 'ann' }, { agent: '/agent-ann' }],
  ['IdentityAgent none', 'Host *\n IdentityAgent none', {}, { agent: undefined }],
  ['IdentityAgent SSH_AUTH_SOCK', 'Host *\n IdentityAgent SSH_AUTH_SOCK', {}, { agent: '/run/agent' }],
  [
    'IdentityFile',
    'Host *\n IdentityFile /a\n IdentityFile /%h-%p',
    {},
    { keys: { files: ['/a', '/node1-22'], named: true } },
  ],
  [
    'IdentityFile, after that of the inventory',
    'Host *\n IdentityFile /a',
    { keyFile: '/b' },
    { keys: { files: ['/b', '/a'], named: true } },
  ],
  ["SetupTimeOut, which is Debian's", 'Host *\n SetupTimeOut 7', {}, { line: { aliveMs: 7000 } }],
  ["ProtocolKeepAlives, which is Debian's", 'Host *\n ProtocolKeepAlives 9', {}, { line: { aliveMs: 9000 } }],
  [
    'KexAlgorithms of Kerberos, which are passed over',
    'Host *\n KexAlgorithms gss-gex-sha1-,curve25519-sha256',
    {},
    { algorithms: { kex: ['curve25519-sha256'] } },
  ],
  ['IdentitiesOnly', 'Host *\n IdentitiesOnly yes', {}, { keys: { only: true } }],
];

describe('~/.ssh/config with', () => {
  it.each(cases)('%s', async (_title, config, own, wanted) => {
    expect(await settings(config, own)).toMatchObject(wanted);
  });

  it('paths at home', async () => {
    const { keys, hostKey } = await settings(
      'Host *\n IdentityFile ~/.ssh/work\n UserKnownHostsFile %d/known',
    );
    expect([keys.files, hostKey.user[0]]).toEqual([[`${home}/.ssh/work`], `${home}/known`]);
  });

  it('files that it includes, where they are named', async () => {
    mkdirSync(join(home, '.ssh/config.d'), { recursive: true });
    writeFileSync(join(home, '.ssh/config.d/10-a'), 'Host node1\n User joe\n Port 1\n');
    writeFileSync(join(home, '.ssh/config.d/20-b'), 'Include ~/more\n');
    writeFileSync(join(home, 'more'), 'Host node1\n Port 2\n HostName 10.0.0.9\n');
    expect(await settings('Include config.d/*\nInclude missing\nHost node1\n User ann\n')).toMatchObject({
      user: 'joe',
      port: 1,
      address: '10.0.0.9',
    });
  });

  it('a file that includes itself, which ssh does not take either', async () => {
    await expect(settings('Host node1\nInclude config\n')).rejects.toMatchObject({
      exitCode: 1,
      message: 'node1: it includes more than 16 files in each other',
      position: { file: `${home}/.ssh/config`, line: 2 },
    });
  });

  it.each([
    [
      'ProxyCommand, its tokens written out',
      'Host node1\n User joe\n ProxyCommand nc -x "p q" %h %p %r %n%%',
      {},
      'nc -x "p q" node1 22 joe node1%',
    ],
    [
      'ProxyCommand, but the inventory wins',
      'ProxyCommand nc',
      { proxyCommand: 'ssh -W %h:%p b' },
      'ssh -W node1:22 b',
    ],
    ['ProxyCommand, but the inventory has a jump host', 'ProxyCommand nc', { proxyJump: 'b' }, undefined],
    ['ProxyCommand after ProxyJump none', 'ProxyJump none\nProxyCommand nc', {}, undefined],
    ['ProxyCommand none first', 'ProxyCommand none\nProxyJump b', {}, undefined],
  ])('%s', async (_title, config, own, wanted) => {
    expect((await settings(config, own)).proxyCommand).toBe(wanted);
  });

  it.each([
    ['KnownHostsCommand /bin/keys %H', 'knownhostscommand', 2],
    ['ProxyUseFdpass yes', 'proxyusefdpass', 2],
    ['RefuseConnection no', 'refuseconnection', 2],
    ['ProxyJump node1', 'proxyjump', 2],
    ['ControlPath ~/%q', 'controlpath', 2],
    ['HostName %q', 'hostname', 2],
    ['UserKnownHostsFile ~nobody-of-that-name/x', 'userknownhostsfile', 2],
    ['IdentityFile ${NO_SUCH_VARIABLE}/x', 'identityfile', 2],
    ['Ciphers chacha20-poly1305@openssh.com,nonsense', 'cipher', 2],
    ['MACs umac-64@openssh.com', 'macs', 2],
    ['HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com', 'hostkeyalgorithms', 2],
  ])('%s, which is refused rather than passed over', async (line, keyword, at) => {
    const failure = await settings(`Host *\n ${line}\n`).catch((error) => error);
    expect(failure).toMatchObject({
      exitCode: 1,
      host: 'node1',
      position: { file: `${home}/.ssh/config`, line: at },
    });
    expect(failure.message.toLowerCase()).toContain(keyword);
  });

  it('algorithms: all, more, fewer, first', async () => {
    const { algorithms } = await settings(
      'Ciphers aes256-ctr,aes128-ctr\nMACs -hmac-sha1*\nKexAlgorithms ^ecdh-sha2-nistp521\n',
    );
    expect(algorithms.cipher).toEqual(['aes256-ctr', 'aes128-ctr']);
    expect(algorithms.kex?.[0]).toBe('ecdh-sha2-nistp521');
    expect(algorithms.kex?.length).toBeGreaterThan(5);
    expect(algorithms.hmac?.filter((name) => name.includes('sha1'))).toEqual([]);
    expect(algorithms.hmac?.length).toBeGreaterThan(2);
  });

  it('times, an address to connect from and a family', async () => {
    const config =
      'ConnectTimeout 1m5s\nServerAliveInterval 20\nServerAliveCountMax 5\nBindAddress 127.0.0.2\nAddressFamily inet6\n';
    expect((await settings(config)).line).toEqual({
      connectMs: 65_000,
      aliveMs: 20_000,
      aliveCount: 5,
      from: '127.0.0.2',
      family: 6,
    });
  });

  it.each([
    ['PreferredAuthentications password,gssapi-with-mic,publickey', ['password', 'publickey']],
    ['PasswordAuthentication no', ['publickey', 'keyboard-interactive']],
    ['PubkeyAuthentication no', ['password', 'keyboard-interactive']],
    ['ChallengeResponseAuthentication no', ['publickey', 'password']],
  ])('%s', async (config, wanted) => {
    expect((await settings(config)).methods).toEqual(wanted);
  });
});
