import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../../lib/transport/host.ts';
import { connectionLines } from '../../../../lib/transport/ssh/connection-lines.ts';
import { connectionOf } from '../support/connection.ts';
import { askSshAtHome, compared, ownHome, sshVersion, writeFiles } from '../support/real-ssh.ts';

const home = ownHome();

const CONFIG = `Host web
 HostName 10.0.0.1
 User joe
 Port 2222
 IdentityFile ~/.ssh/a
 ProxyJump bastion
 UserKnownHostsFile ~/kh
Match user bob
 HostKeyAlias Bobs
`;

const cases: readonly (readonly [string, Partial<Connection>, readonly string[]])[] = [
  ['nothing of the inventory', {}, []],
  ['a login', { user: 'bob', port: 22 }, ['-l', 'bob', '-p', '22']],
  ['a key', { keyFile: '/k 1' }, ['-o', 'IdentityFile="/k 1"']],
  [
    'known hosts',
    { knownHostsFile: '/kh', strictHostKeyChecking: 'no' },
    ['-o', 'UserKnownHostsFile=/kh', '-o', 'StrictHostKeyChecking=no'],
  ],
  ['a jump host', { proxyJump: 'x@10.0.0.9:23,y' }, ['-J', 'x@10.0.0.9:23,y']],
  ['no jump host', { proxyJump: 'none' }, ['-o', 'ProxyJump=none']],
  ['a command', { proxyCommand: 'nc "a b" %h %p' }, ['-o', 'ProxyCommand=nc "a b" %h %p']],
  [
    'options',
    {
      sshOptions: [
        ['IdentitiesOnly', 'yes'],
        ['IdentityFile', '/x'],
      ],
    },
    ['-o', 'IdentitiesOnly=yes', '-o', 'IdentityFile=/x'],
  ],
  ['another file', { sshConfigFile: 'none' }, ['-F', 'none']],
];

describe.runIf(sshVersion() !== undefined)("the inventory's variables count as ssh's flags:", () => {
  it.each(cases)('%s', async (_title, own, args) => {
    writeFiles(home(), { config: CONFIG });
    const lines = askSshAtHome('web', args, home());
    if (lines === 'impossible' || lines === undefined) return;
    expect(compared(await connectionLines(connectionOf({ kind: 'ssh', address: 'web', ...own })))).toEqual(
      compared(lines),
    );
  });
});

describe.runIf(sshVersion() !== undefined)('what else is honoured is told as ssh -G tells it:', () => {
  const keys =
    /^(addressfamily|connecttimeout|serveralive\w+|requiredrsasize|bind\w+|preferredauthentications|revokedhostkeys|\w+authentication|canonicalizehostname|ciphers|macs|kexalgorithms|hostkeyalgorithms|pubkeyacceptedalgorithms) /;

  it.each([
    'AddressFamily INET6\nAddressFamily inet\n',
    'ConnectTimeout 1h30m\nServerAliveInterval 2m\nServerAliveCountMax 4\n',
    'ConnectTimeout none\n',
    'RequiredRSASize 3072\nBindAddress 127.0.0.1\nBindInterface lo\n',
    'PreferredAuthentications "publickey,password"\n',
    'RevokedHostKeys "~/.ssh/lost keys"\n',
    'RevokedHostKeys none\n',
    'PubkeyAuthentication host-bound\nPasswordAuthentication NO\nChallengeResponseAuthentication no\n',
    'Ciphers aes256-ctr,aes128-gcm@openssh.com\nCiphers aes128-ctr\n',
    'Ciphers aes*-ctr,aes256-cbc\nMACs umac-64@openssh.com,hmac-sha2-256\n',
    'KexAlgorithms diffie-hellman-group-exchange-sha256,curve25519-sha256\n',
    'HostKeyAlgorithms ssh-ed25519,rsa-sha2-256,ssh-rsa\nPubkeyAcceptedKeyTypes ecdsa-sha2-nistp256\n',
  ])('%j', async (config) => {
    writeFiles(home(), { config });
    const lines = askSshAtHome('web', [], home());
    if (lines === 'impossible') return;
    const ours = await connectionLines(connectionOf({ kind: 'ssh', address: 'web' })).catch(() => undefined);
    const said = (ours ?? []).filter((line) => keys.test(line));
    expect((lines ?? []).map((line) => line.trim())).toEqual(expect.arrayContaining([...said]));
    expect(ours === undefined).toBe(lines === undefined);
  });
});

it.each<readonly [Partial<Connection>, string]>([
  [{ connectTimeout: 77 }, '77'],
  [{ connectTimeout: 77, sshOptions: [['ConnectTimeout', '6']] }, '77'],
  [{ connectTimeout: 77, sshFirst: [['ConnectTimeout', '5']] }, '5'],
])('a timeout counts after ansible_ssh_args, and before the other arguments: %j', async (own, seconds) => {
  writeFiles(home(), { config: 'ConnectTimeout 4\n' });
  const lines = await connectionLines(connectionOf({ kind: 'ssh', address: 'web', ...own }));
  expect(lines).toContain(`connecttimeout ${seconds}`);
});

it('prints what a connection would use, lists as repeated lines', async () => {
  writeFiles(home(), { config: 'Include /no/such\n' });
  const config = `${home()}/.ssh/config`;
  writeFiles(home(), {
    config:
      'IdentityFile /a\nIdentityFile /b\nCiphers aes256-ctr,aes128-ctr\nServerAliveInterval 1m\nIdentityAgent none\nHostKeyAlias Al\nHostKeyAlgorithms +ssh-rsa\n',
  });
  const lines = await connectionLines(
    connectionOf({ kind: 'ssh', address: 'web', user: 'joe', sshConfigFile: config }),
  );
  expect(lines).toEqual([
    'host web',
    'user joe',
    'hostname web',
    'port 22',
    'identitiesonly no',
    'kbdinteractiveauthentication yes',
    'passwordauthentication yes',
    'pubkeyauthentication true',
    'stricthostkeychecking ask',
    'serveraliveinterval 60',
    'ciphers aes256-ctr,aes128-ctr',
    'hostkeyalgorithms ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256,ssh-rsa',
    'hostkeyalias al',
    'identityagent none',
    'identityfile /a',
    'identityfile /b',
    'globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2',
    `userknownhostsfile ${home()}/.ssh/known_hosts ${home()}/.ssh/known_hosts2`,
  ]);
});

it("the user's file named by -F is another reading than the usual one", async () => {
  const sshConfigFile = join(home(), '.ssh/config');
  const host = connectionOf({ kind: 'ssh', address: 'web' });
  expect(await connectionLines(host)).toContain('hostname web');
  await expect(connectionLines({ ...host, sshConfigFile })).rejects.toThrow('cannot be read');
});
