import type { Connection, Host } from './host.ts';

export interface ConnectOptions {
  /**
   * `--trust`: asked for a host key that nobody knows; yes records it, undefined is that nobody could be asked.
   * Without it, unknown is refused.
   */
  readonly trust?: (host: string, fingerprint: string, keyType: string) => Promise<boolean | undefined>;
  /** Told what the user should know of a connection that stands nevertheless. */
  readonly warn?: (host: string, message: string) => void;
}

/** Connects a host as its connection says. What only one of the two kinds needs is loaded for it alone. */
export async function connect(connection: Connection, options: ConnectOptions = {}): Promise<Host> {
  if (connection.kind === 'local') {
    const { connectLocal } = await import('./local.ts');
    return connectLocal(connection);
  }
  const { connectSsh } = await import('./ssh/ssh.ts');
  return connectSsh(connection, options);
}
