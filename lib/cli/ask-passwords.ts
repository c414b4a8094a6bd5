import { Secret } from '../dsl/secret.ts';
import type { Connection } from '../transport/host.ts';
import type { Options } from './flags/options.ts';
import { askSecret } from './prompt.ts';

/** Asks for the passwords of `-k` and `-K`; gives what adds them to connections for which the inventory has none. */
export async function askPasswords({
  askPass,
  askBecomePass,
  list,
}: Pick<Options, 'askPass' | 'askBecomePass' | 'list'>): Promise<(connection: Connection) => Connection> {
  const asks = list === undefined;
  const ssh = asks && askPass ? new Secret(await askSecret('SSH password: ')) : undefined;
  const sudo = asks && askBecomePass ? new Secret(await askSecret('sudo password: ')) : undefined;
  return (connection) => ({
    ...connection,
    password: connection.password ?? ssh,
    becomePassword: connection.becomePassword ?? sudo,
  });
}
