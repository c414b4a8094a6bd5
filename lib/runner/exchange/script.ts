import { asUser } from '../../dsl/shell/as-user.ts';
import { PRELUDE } from '../../dsl/shell/prelude.ts';
import { quote, type Sh } from '../../dsl/shell/sh.ts';
import { LOOK_SECONDS } from '../../dsl/shell/wait-until.ts';
import { BY_USER } from './by-user.ts';
import { newNonce } from './nonce.ts';

/** A piece of an exchange with its own output and exit status. */
export interface Fragment {
  readonly id: string;
  readonly sh: Sh;
  /** A failure ends the script (applies); otherwise the next fragment runs (probes). */
  readonly critical: boolean;
  /**
   * Seconds that it may take; `READ_SECONDS` for what is only read. What is applied takes as long as it takes, and has
   * to print its first line within this, where it is given.
   */
  readonly patience?: number;
  /** Seconds that looks in it may hang, which end themselves: see `LOOK_SECONDS`. */
  readonly lookSeconds?: number;
  /** Seconds after which it is ended, with all that runs in its process group, and has failed. */
  readonly timeout?: number;
  /** User of the host who runs it. */
  readonly user?: string;
  /** For a critical fragment that is not a task's: what its failure means. */
  readonly failure?: { readonly message: string; readonly hint: string };
}

/** What a host may take to answer what is only read: more than any of it takes on a busy one. */
export const READ_SECONDS = 60;

/**
 * Seconds until something has to be heard once the fragment in place `i` begins; undefined when nobody counts. What is
 * only read is heard of together, and looks that hang do so one after the other.
 */
export function patienceAt(fragments: readonly Fragment[], i: number): number | undefined {
  const fragment = fragments[i];
  if (fragment === undefined) return READ_SECONDS;
  const { critical, patience } = fragment;
  if (patience !== undefined || critical) return patience;
  const together = isOnlyRead(fragments) ? fragments.slice(i) : [fragment];
  const looks = together.reduce((sum, one) => sum + (one.lookSeconds ?? 0), 0);
  return READ_SECONDS + Math.max(0, looks - LOOK_SECONDS);
}

/** Seconds that all of them may take which are only read, however much is heard meanwhile: each its own, and once what the others have. */
export function readSeconds(fragments: readonly Fragment[]): number {
  const own = fragments.reduce(
    (sum, { patience = 0, timeout = 0, lookSeconds = 0 }) => sum + patience + timeout + lookSeconds,
    0,
  );
  return own + 2 * READ_SECONDS;
}

/** Nothing is changed by any of them. */
export function isOnlyRead(fragments: readonly Fragment[]): boolean {
  return fragments.every(({ critical }) => !critical);
}

/**
 * One script for all fragments. Each runs in a subshell of its own without standard input, through
 * `eval`, so that a syntax error or an `exit` ends that fragment only, and is framed by lines that start
 * with the nonce. Asked to stop (its launcher may have heard that already), it ends before the next critical
 * fragment: what was applied is still proven.
 * `stateDir`, where the host keeps our records, is `$q_state` to every fragment.
 */
export function compileScript(fragments: readonly Fragment[], nonce: string, stateDir = ''): string {
  const calls = fragments.map(
    ({ id, sh, critical, user }) =>
      `${critical ? 'q_go_on; ' : ''}q_run ${quote(id)} ${quote(user === undefined ? sh.text : `q_by ${quote(user)} ${quote(sh.text)}`)}${critical ? ' || exit 1' : ''}\n`,
  );
  const byUser = fragments.some(({ user }) => user !== undefined)
    ? `q_mark=${quote(newNonce())} q_prelude=${quote(PRELUDE)}\n${asUser.text}\n${BY_USER}`
    : '';
  // What is only read is printed at once: a packet for each small line costs more than the reading. But what may
  // take its time says when it begins and ends.
  const isRead = isOnlyRead(fragments);
  const apart = isRead ? fragments.findLastIndex(({ patience }) => patience !== undefined) + 1 : calls.length;
  const done = `printf '\\n%s D\\n' "$q_nonce"\n`;
  return `${PRELUDE}
${byUser}q_nonce=${quote(nonce)} q_state=${quote(stateDir)} q_stop=\${q_stop-}
trap 'q_stop=1' USR1
q_go_on() { if [ -n "$q_stop" ]; then printf '\\n%s S\\n' "$q_nonce"; exit 0; fi; }
q_run() {
  printf '\\n%s B %s\\n' "$q_nonce" "$1"
  (trap - USR1; eval "$2") </dev/null 2>&1
  q_code=$?
  printf '\\n%s E %s\\n' "$q_nonce" "$q_code"
  return "$q_code"
}
printf '\\n%s H %s\\n' "$q_nonce" "$$"
${calls.slice(0, apart).join('')}${isRead ? `q_all=$(${calls.slice(apart).join('')}${done})\nprintf '%s\\n' "$q_all"\n` : done}`;
}
