import type { Secret } from '../dsl/secret.ts';
import { quote } from '../dsl/sh.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { Connection } from './host.ts';
import { READY } from './launcher.ts';

/** How a host's scripts get the rights they need. */
export interface Become {
  readonly user: string;
  readonly password: Secret | undefined;
}

/** What sudo asks with: nobody else prints this. */
export const SUDO_PROMPT = 'quorate-sudo-password:';

/** sudo is due unless the login is already the wanted user. */
export function becomeOf(connection: Connection, login: string | undefined): Become | undefined {
  const { become, becomeUser, becomePassword } = connection;
  if (!become || becomeUser === login) return undefined;
  return { user: becomeUser, password: becomePassword };
}

/**
 * The command that a login shell gets: the program, behind sudo where that is due. Without a password
 * sudo must not ask; with one it asks with our prompt, on standard error, never on a terminal.
 */
export function launchCommand(program: string, become: Become | undefined): string {
  if (!become) return `exec /bin/sh -c '${program}'`;
  const asks = become.password ? `-S -p ${SUDO_PROMPT}` : '-n';
  return `exec sudo ${asks} -u ${quote(become.user)} -- /bin/sh -c 'echo ${READY}; ${program}'`;
}

/**
 * Speaks with sudo until the program runs: the password goes out only when asked for, once, and the
 * input only after READY, since what sudo does not read would be run as commands.
 */
export class SudoTalk {
  readonly #host: string;
  readonly #become: Become;
  #seen = '';
  #asked = false;
  ready = false;

  constructor(host: string, become: Become) {
    this.#host = host;
    this.#become = become;
  }

  /** Takes what sudo printed on either stream; returns what to answer, if anything. */
  hear(text: string): string | undefined {
    this.#seen = (this.#seen + text).slice(-4096);
    if (this.#seen.includes(`${READY}\n`)) {
      this.ready = true;
      return undefined;
    }
    if (!this.#seen.includes(SUDO_PROMPT)) return undefined;
    this.#seen = '';
    if (this.#asked) throw this.refusal('sudo did not accept the password');
    this.#asked = true;
    return `${this.#become.password?.reveal() ?? ''}\n`;
  }

  /** Why the launcher never came up. */
  refusal(reason = 'sudo did not let us in'): QuorateError {
    const said = this.#seen.replaceAll(SUDO_PROMPT, '').trim().split('\n').at(-1);
    return new QuorateError(`${this.#host}: ${reason}${said ? `: ${said}` : ''}`, {
      exitCode: EXIT.failed,
      host: this.#host,
      hint: this.#become.password
        ? 'check ansible_become_password, or ask for it with -K'
        : 'it may need a password: give it with -K or ansible_become_password',
    });
  }
}
