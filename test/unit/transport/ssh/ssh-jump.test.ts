import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Secret } from '../../../../lib/dsl/secret.ts';
import type { UnknownKey } from '../../../../lib/transport/connect-options.ts';
import type { Connection } from '../../../../lib/transport/host.ts';
import { scratch } from '../../support/scratch.ts';
import { outcome } from '../support/connection.ts';
import { until } from '../support/launcher-process.ts';
import { connected, connectionTo, startServer } from '../support/ssh-bench.ts';
import type { SshServer } from '../support/ssh-server.ts';

/** A connection to the last server through the others. */
function through(servers: readonly SshServer[], own: Partial<Connection> = {}): Connection {
  const file = join(scratch(), 'known_hosts');
  writeFileSync(file, servers.map((server) => server.knownLine()).join(''));
  const proxyJump = servers
    .slice(0, -1)
    .map((server) => `jumper@127.0.0.1:${server.port}`)
    .join(',');
  return connectionTo(servers.at(-1) as SshServer, { knownHostsFile: file, proxyJump, ...own });
}

const start = (count: number) => Promise.all(Array.from({ length: count }, () => startServer()));

describe('through jump hosts', () => {
  it('a script runs on the host behind', async () => {
    const [bastion, server] = (await start(2)) as [SshServer, SshServer];
    const host = await connected(through([bastion, server]));
    expect((await outcome(host, 'echo hi; exit 3')).code).toBe(3);
    expect([bastion.commands, bastion.attempts, server.attempts]).toEqual([
      [],
      ['publickey jumper'],
      ['publickey joe'],
    ]);
  });

  it('goes by several, the nearest first', async () => {
    const [first, second, server] = (await start(3)) as [SshServer, SshServer, SshServer];
    const host = await connected(through([first, second, server]));
    expect((await outcome(host, 'echo hi')).out).toBe('hi\n');
    expect([first, second, server].map(({ sockets }) => sockets.length)).toEqual([1, 1, 1]);
  });

  it('shares one connection for all hosts behind, until the last is closed', async () => {
    const [bastion, a, b] = (await start(3)) as [SshServer, SshServer, SshServer];
    const file = join(scratch(), 'known_hosts');
    writeFileSync(file, [bastion, a, b].map((server) => server.knownLine()).join(''));
    const keyFile = through([bastion, a]).keyFile;
    const own = { knownHostsFile: file, ...(keyFile !== undefined && { keyFile }) };
    const hosts = await Promise.all(
      [a, b].map((server, i) => connected(through([bastion, server], { name: `node${i}`, ...own }))),
    );
    expect(bastion.sockets).toHaveLength(1);
    await hosts[0]?.close();
    expect((await outcome(hosts[1] as never, 'echo hi')).out).toBe('hi\n');
    await hosts[1]?.close();
    await until(() => bastion.sockets[0]?.closed === true, 'the jump host is left');
    await connected(through([bastion, a], own));
    expect(bastion.sockets).toHaveLength(2);
  });

  it('one name in two ssh_config files is two jump hosts', async () => {
    const [one, other, server] = (await start(3)) as [SshServer, SshServer, SshServer];
    const connection = { ...through([one, other, server]), proxyJump: 'jumper@bastion' };
    for (const bastion of [one, other]) {
      const sshConfigFile = join(scratch(), 'config');
      writeFileSync(sshConfigFile, `Host bastion\n HostName 127.0.0.1\n Port ${bastion.port}\n`);
      await connected({ ...connection, sshConfigFile });
    }
    expect([one, other].map(({ sockets }) => sockets.length)).toEqual([1, 1]);
  });

  it('sends the password of the host to the host alone', async () => {
    const bastion = await startServer({ admits: () => false, takes: ['publickey', 'password'] });
    const server = await startServer();
    const connection = through([bastion, server], { password: new Secret('correct horse') });
    await expect(connected(connection)).rejects.toMatchObject({ exitCode: 4 });
    expect(bastion.attempts).toEqual(['publickey jumper']);
  });

  it('trusts no unknown jump host, and says which', async () => {
    const [bastion, server] = (await start(2)) as [SshServer, SshServer];
    const connection = through([bastion, server], { knownHostsFile: server.knownFile(scratch()) });
    await expect(connected(connection)).rejects.toMatchObject({
      exitCode: 5,
      host: 'node1',
      message: expect.stringMatching(
        `^node1: jump host jumper@127.0.0.1:${bastion.port}: the host key of 127.0.0.1 is unknown: `,
      ),
    });
    expect([bastion.attempts, server.sockets]).toEqual([[], []]);
    const trust = vi.fn(async (_key: UnknownKey) => true);
    await connected(connection, { trust });
    expect(trust.mock.calls.map(([{ host }]) => host)).toEqual([`jumper@127.0.0.1:${bastion.port}`]);
  });

  it('tells a jump host that is down from a host that is', async () => {
    const [bastion, server] = (await start(2)) as [SshServer, SshServer];
    await server.stop();
    await expect(connected(through([bastion, server]))).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(
        `^node1: jump host jumper@127.0.0.1:${bastion.port} cannot connect to 127.0.0.1 port ${server.port}: `,
      ),
    });
    await bastion.stop();
    const connection = through([bastion, server]);
    for (const name of ['node1', 'node2']) {
      await expect(connected({ ...connection, name })).rejects.toMatchObject({
        exitCode: 4,
        host: name,
        message: `${name}: jump host jumper@127.0.0.1:${bastion.port}: cannot connect to 127.0.0.1 port ${bastion.port}: connection refused`,
      });
    }
  });

  it('loses the hosts behind with the jump host', async () => {
    const [bastion, server] = (await start(2)) as [SshServer, SshServer];
    const host = await connected(through([bastion, server]));
    bastion.sockets[0]?.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(outcome(host, ':')).rejects.toMatchObject({ exitCode: 4, host: 'node1' });
  });

  it.each(['@host', 'a,,b', '[::1', 'host:port'])('refuses %j, which is none', async (proxyJump) => {
    const server = await startServer();
    await expect(connected(connectionTo(server, { proxyJump }))).rejects.toMatchObject({
      exitCode: 1,
      message: `node1: ansible_ssh_common_args: ${proxyJump} is not a jump host`,
      hint: '[user@]host[:port] is wanted, several with commas',
    });
  });
});
