import { EXIT, type ExitCode, type Position, QuorateError } from '../errors.ts';

/** The host cannot be reached, or not used; nothing was run there. */
export function unreachable(host: string, message: string, hint?: string): QuorateError {
  return failure(EXIT.unreachable, host, `${host}: ${message}`, hint);
}

/** The connection went while something ran. */
export function connectionLost(host: string, why: string): QuorateError {
  return failure(
    EXIT.unreachable,
    host,
    `${host}: the connection was lost, so the outcome there is unknown: ${why}`,
    'run again: the host is read afresh first',
  );
}

/** A shell did not come up; `said` is what was heard instead. */
export function notStarted(host: string, said: string): QuorateError {
  return unreachable(
    host,
    `cannot start a shell${said ? `: ${said}` : ''}`,
    said ? 'log in by hand to hear the same' : 'a login with a POSIX shell at /bin/sh is wanted',
  );
}

/** Nothing was wrong with the login, and yet our shell did not come up. */
export function neverStarted(host: string, seconds: number, said: string): QuorateError {
  return unreachable(
    host,
    `no shell came up within ${seconds} s of the login${said ? `; it said: ${said}` : ''}`,
    'log in by hand, and see what its start-up files (.bashrc, .profile) or its own shell wait for, or read',
  );
}

/** sshd did not open a channel on a connection that stands, nor on one made for it. */
export function noChannel(host: string, why: string): QuorateError {
  return unreachable(
    host,
    `sshd did not open a session: ${why}`,
    'one is wanted on each connection: check MaxSessions of sshd',
  );
}

/** What became of sudo's password: there was none, it was given, or it was never asked for in our words. */
export type SudoPassword = 'none' | 'given' | 'unasked';

/** sudo ended, or asked something else, before the shell came up. */
export function sudoRefused(host: string, user: string, said: string, password: SudoPassword): QuorateError {
  const hint = /\btty\b/.test(said)
    ? 'switch requiretty off for this login in sudoers'
    : SUDO_HINTS[password];
  return failure(
    EXIT.failed,
    host,
    `sudo on ${host} did not let this login become ${user}${said ? `: ${said}` : ''}`,
    hint,
  );
}

const SUDO_HINTS: Readonly<Record<SudoPassword, string>> = {
  none: 'give the password with -K or ansible_become_password, or let sudo ask for none (NOPASSWD)',
  given: 'check the password, and what sudoers allows this login',
  unasked:
    "the password was not asked for by sudo's own prompt, as where PAM asks for a second factor: let sudo ask this login for none (NOPASSWD), or set passprompt_override in sudoers; or sudoers allows this login nothing",
};

/** sudo asked a second time. */
export function wrongSudoPassword(host: string): QuorateError {
  return failure(
    EXIT.failed,
    host,
    `sudo on ${host} did not accept the password`,
    'check ansible_become_password, or without it what was given with -K',
  );
}

/** A file did not get there whole; what was at the target still is. */
export function notSent(host: string, target: string, said: string): QuorateError {
  return failure(
    EXIT.failed,
    host,
    `${host}: cannot write ${target}${said ? `: ${said}` : ''}`,
    'what was there is as it was; see what keeps it from being written, and run again',
  );
}

/** What the host key says makes it unsafe to go on. */
export function untrusted(host: string, message: string, hint: string): QuorateError {
  return failure(EXIT.untrusted, host, `${host}: ${message}`, hint);
}

/** A setting that cannot be honoured, found before any contact. */
export function badSetting(host: string, message: string, hint: string, position?: Position): QuorateError {
  return failure(EXIT.usage, host, `${host}: ${message}`, hint, position);
}

function failure(
  exitCode: ExitCode,
  host: string,
  message: string,
  hint?: string,
  position?: Position,
): QuorateError {
  const details = { ...(hint !== undefined && { hint }), ...(position !== undefined && { position }) };
  return new QuorateError(message, { exitCode, host, ...details });
}
