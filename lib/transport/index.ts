import type { Connection, Host } from './host.ts';

export interface ConnectOptions {
  /**
   * `--trust`: asked for a host key that nobody knows; yes records it, undefined is that nobody could be asked.
   * Without it, unknown is refused.
   */
  readonly trust?: (host: string, fingerprint: string, keyType: string) => Promise<boolean | undefined>;
  /** Told what the user should know of a connection that stands nevertheless. */
  readonly warn?: (host: string, message: string) => void;
  /** Told how a connection came about: the way, the login, the host's key. */
  readonly tell?: (host: string, message: string) => void;
}

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
