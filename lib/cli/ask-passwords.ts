import { Secret } from '../dsl/secret.ts';
import type { Connection } from '../transport/host.ts';
import type { Options } from './flags/options.ts';
import { askSecret } from './prompt.ts';

/**
 * Asks for the passwords of `-k` and `-K`; gives what adds them to connections for which the inventory has none. Of both,
 * no answer to the second question means the first password, as with Ansible.
 */
export async function askPasswords(
  { askPass, askBecomePass, list }: Pick<Options, 'askPass' | 'askBecomePass' | 'list'>,
  ask: typeof askSecret = askSecret,
): Promise<(connection: Connection) => Connection> {
  const secretOf = async (question: string) => new Secret(await ask(question), { ofLogin: true });
  const asks = list === undefined;
  const ssh = asks && askPass ? await secretOf('SSH password: ') : undefined;
  const usual = ssh ? ' (Enter takes the SSH password)' : '';
  const answer = asks && askBecomePass ? await secretOf(`sudo password${usual}: `) : undefined;
  const sudo = answer?.reveal() === '' ? (ssh ?? answer) : answer;
  return (connection) => ({
    ...connection,
    password: connection.password ?? ssh,
    becomePassword: connection.becomePassword ?? sudo,
  });
}
