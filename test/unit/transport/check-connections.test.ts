import { afterEach, beforeEach, expect, it } from 'vitest';
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

it('all hosts of a config that is right are let through', async () => {
  writeFiles(home, { config: 'Host *\n User a\n' });
  await checkConnections([connectionOf({ kind: 'ssh', address: 'a' })]);
});
