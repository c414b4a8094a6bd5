import { randomBytes } from 'node:crypto';
import type { Secret } from '../dsl/secret.ts';
import { quote } from '../dsl/shell/sh.ts';
import type { QuorateError } from '../errors.ts';
import { sudoRefused, wrongSudoPassword } from './failures.ts';
import type { Connection } from './host.ts';

/** How scripts of a host become another user. */
export interface Sudo {
  readonly user: string;
  /** Without one sudo must not ask. */
  readonly password: Secret | undefined;
}

/** sudo is due unless the login is already the wanted user. */
export function sudoOf(connection: Connection, login: string): Sudo | undefined {
  const { become, becomeUser, becomePassword } = connection;
  if (!become || becomeUser === login) return undefined;
  return { user: becomeUser, password: becomePassword };
}

/**
 * Talk to sudo. Send the password only after our prompt, and the program's input only once the program says it is up:
 * otherwise a password could reach the program, or input could reach sudo. Without a password, send the input at once.
 */
export class SudoTalk {
  readonly #host: string;
  readonly #sudo: Sudo;
  readonly #nonce = randomBytes(9).toString('hex');
  #out = '';
  #err = '';
  #asked = false;
  /** The program is up and reads its input. */
  ready: boolean;

  constructor(host: string, sudo: Sudo) {
    this.#host = host;
    this.#sudo = sudo;
    this.ready = sudo.password === undefined;
  }

  /** The command line for a program (POSIX shell without single quotes). */
  command(program: string): string {
    const asking = this.ready ? '-n' : `-S -p ${this.#prompt}`;
    const up = this.ready ? '' : `echo ${this.#up}; `;
    return `sudo -H ${asking} -u ${quote(this.#sudo.user)} -- /bin/sh -c '${up}${program}'`;
  }

  /** Standard output, until the program is up. */
  hearOut(text: string): void {
    this.#out = (this.#out + text).slice(-2000);
    if (this.#out.includes(this.#up)) this.ready = true;
  }

  /** Standard error, until the program is up: gives the answer, if sudo asked. Throws at a second prompt. */
  hearErr(text: string): string | undefined {
    this.#err = (this.#err + text).slice(-2000);
    if (!this.#err.includes(this.#prompt)) return undefined;
    this.#err = '';
    if (this.#asked) throw wrongSudoPassword(this.#host);
    this.#asked = true;
    return `${this.#sudo.password?.reveal() ?? ''}\n`;
  }

  /** Why the program did not come up. */
  refusal(said: string): QuorateError {
    const password = this.#sudo.password === undefined ? 'none' : this.#asked ? 'given' : 'unasked';
    return sudoRefused(this.#host, this.#sudo.user, said, password);
  }

  get #prompt(): string {
    return `quorate-password-${this.#nonce}:`;
  }

  get #up(): string {
    return `quorate-up-${this.#nonce}`;
  }
}
