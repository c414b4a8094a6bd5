import type { Store } from '../dsl/source/store.ts';
import { QuorateError, QuorateErrors, withoutHost } from '../errors.ts';
import type { ConnectOptions } from './connect-options.ts';
import type { Connection, Host } from './host.ts';

/** Connects a host as its connection says. What only one of the two kinds needs is loaded for it alone. */
export async function connect(connection: Connection, options: ConnectOptions = {}): Promise<Host> {
  if (connection.kind === 'local') {
    const { connectLocal } = await import('./local.ts');
    const host = connectLocal(connection);
    options.tell?.(host.name, `this machine${becomes(connection)}`);
    return host;
  }
  const { connectSsh } = await import('./ssh/ssh.ts');
  const host = await connectSsh(connection, options);
  if (connection.become) options.tell?.(host.name, `scripts run${becomes(connection)}`);
  return host;
}

/** Opens a folder of a machine by SFTP: `sftp://[user@]host[:port]/folder`. */
export async function openSftp(address: string, options: ConnectOptions): Promise<Store> {
  const { openSftpFolder } = await import('./ssh/sftp.ts');
  return openSftpFolder(address, options);
}

/**
 * Reads what ssh_config says of hosts that are to be connected, before any is. Throws all that is wrong at once, exit
 * code 1; what is wrong for several hosts is told of one.
 */
export async function checkConnections(connections: readonly Connection[]): Promise<void> {
  const overSsh = connections.filter(({ kind }) => kind === 'ssh');
  if (overSsh.length === 0) return;
  const { sshSettings } = await import('./ssh/ssh-settings.ts');
  const found = await Promise.all(
    overSsh.map((connection) =>
      sshSettings(connection).then(
        () => [],
        (error: unknown) => {
          if (!(error instanceof QuorateError)) throw error;
          return [[withoutHost(error.message, connection.name), error] as const];
        },
      ),
    ),
  );
  const errors = [...new Map(found.flat().reverse()).values()].reverse();
  if (errors.length > 0) throw new QuorateErrors(errors);
}

function becomes({ become, becomeUser, becomePassword }: Connection): string {
  if (!become) return '';
  return `, as ${becomeUser} by sudo ${becomePassword === undefined ? 'without' : 'with'} a password`;
}
