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

function becomes({ become, becomeUser, becomePassword }: Connection): string {
  if (!become) return '';
  return `, as ${becomeUser} by sudo ${becomePassword === undefined ? 'without' : 'with'} a password`;
}
