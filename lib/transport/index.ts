import type { Connection, Host } from './host.ts';
import { connectLocal } from './local.ts';

export interface ConnectOptions {
  /** `--trust`: asked for a host key that nobody knows; yes records it. Without it, unknown is refused. */
  readonly trust?: (host: string, fingerprint: string, keyType: string) => Promise<boolean>;
}

/** Connects a host as its connection says. SSH is loaded only when a host needs it. */
export async function connect(connection: Connection, options: ConnectOptions = {}): Promise<Host> {
  if (connection.kind === 'local') return connectLocal(connection);
  const { connectSsh } = await import('./ssh.ts');
  return connectSsh(connection, options);
}
