import { afterEach, beforeEach, expect, it } from 'vitest';
import { Secret } from '../../../lib/dsl/secret.ts';
import type { Connection } from '../../../lib/transport/host.ts';
import { checkConnections } from '../../../lib/transport/index.ts';
import { scratch } from '../support/scratch.ts';
import { connectionOf } from './support/connection.ts';
import { writeFiles } from './support/real-ssh.ts';

const { HOME } = process.env;
let home = '';
beforeEach(() => {
  home = scratch();
  process.env.HOME = home;
});
afterEach(() => {
  process.env.HOME = HOME;
});

it('what is wrong with ssh_config is told before any contact, each once', async () => {
  writeFiles(home, {
    config: 'Host a* b\n KnownHostsCommand /x\nHost c\n ProxyUseFdpass yes\nHost d\n Port 22\n',
  });
  const hosts = ['a1', 'a2', 'b', 'c', 'd'].map((name) => connectionOf({ kind: 'ssh', name, address: name }));
  const failure = await checkConnections([...hosts, connectionOf({ name: 'here' })]).catch((error) => error);
  expect(failure.exitCode).toBe(1);
  expect(
    failure.errors.map(({ message, position }: { message: string; position: { line: number } }) => [
      message,
      position.line,
    ]),
  ).toEqual([
    ['a1: knownhostscommand protects connections of ssh, and is not honoured here', 2],
    ['c: proxyusefdpass protects connections of ssh, and is not honoured here', 4],
  ]);
});

const absentKeys = [
  {
    path: '/nowhere/key',
    variable: 'ansible_ssh_private_key_file',
    position: { file: 'h.ini', line: 3, column: 4 },
  },
];

it('a key that is not there, and no other way in, is told before any contact, where it is named', async () => {
  const hosts = ['a', 'b'].map((name) => connectionOf({ kind: 'ssh', name, address: name, absentKeys }));
  const failure = await checkConnections(hosts).catch((error) => error);
  expect(failure.errors).toMatchObject([
    {
      exitCode: 1,
      message:
        'a: ansible_ssh_private_key_file: /nowhere/key is not there, and there is no other key, agent or password',
      position: { line: 3 },
    },
  ]);
});

it.each<readonly [string, Readonly<Record<string, string>>, Partial<Connection>]>([
  ['a usual key', { id_ed25519: 'key' }, {}],
  ['a key of ssh_config', { config: 'IdentityFile ~/.ssh/other\n', other: 'key' }, {}],
  ['an agent', { config: 'IdentityAgent /run/agent\n' }, {}],
  ['a password', {}, { password: new Secret('a password of the test') }],
])('beside a key that is not there, %s is another way in', async (_, files, own) => {
  writeFiles(home, files);
  await checkConnections([connectionOf({ kind: 'ssh', address: 'a', absentKeys, ...own })]);
});

it('all hosts of a config that is right are let through', async () => {
  writeFiles(home, { config: 'Host *\n User a\n' });
  await checkConnections([connectionOf({ kind: 'ssh', address: 'a' })]);
});
