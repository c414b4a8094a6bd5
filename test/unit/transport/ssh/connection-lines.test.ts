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
