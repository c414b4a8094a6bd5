import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { ConnectOptions } from '../../../../lib/transport/connect-options.ts';
import type { Connection, Host } from '../../../../lib/transport/host.ts';
import { connect } from '../../../../lib/transport/index.ts';
import { scratch } from '../../support/scratch.ts';
import { connectionOf } from './connection.ts';
import { newKey, type ServerOptions, SshServer } from './ssh-server.ts';

const { HOME, SSH_AUTH_SOCK } = process.env;
const servers: SshServer[] = [];
const hosts: Host[] = [];

beforeEach(() => {
  // Neither the user's ~/.ssh nor their agent has a say in a test.
  process.env.HOME = scratch();
  delete process.env.SSH_AUTH_SOCK;
});

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
  for (const server of servers.splice(0)) await server.stop();
  process.env.HOME = HOME;
  if (SSH_AUTH_SOCK !== undefined) process.env.SSH_AUTH_SOCK = SSH_AUTH_SOCK;
});

/** Starts a server that is stopped after the test. */
export async function startServer(options: ServerOptions = {}): Promise<SshServer> {
  const server = await SshServer.start(options);
  servers.push(server);
  return server;
}

/** A file with a private key of its own. */
export function keyFile(passphrase?: string, name = 'id'): string {
  const file = join(scratch(), name);
  writeFileSync(file, newKey(passphrase), { mode: 0o600 });
  return file;
}

/** A connection to a server whose key is known, with a key of its own. */
export function connectionTo(server: SshServer, own: Partial<Connection> = {}): Connection {
  return connectionOf({
    kind: 'ssh',
    port: server.port,
    user: 'joe',
    keyFile: 'keyFile' in own ? own.keyFile : keyFile(),
    knownHostsFile: own.knownHostsFile ?? server.knownFile(scratch()),
    ...own,
  });
}

/** Connects; closed after the test. */
export async function connected(connection: Connection, options?: ConnectOptions): Promise<Host> {
  const host = await connect(connection, options);
  hosts.push(host);
  return host;
}
