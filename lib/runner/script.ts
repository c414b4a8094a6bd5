import { PRELUDE } from '../dsl/prelude.ts';
import { quote, type Sh } from '../dsl/sh.ts';

/** A piece of an exchange with its own output and exit status. */
export interface Fragment {
  readonly id: string;
  readonly sh: Sh;
  /** A failure ends the script (applies); otherwise the next fragment runs (probes). */
  readonly critical: boolean;
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
    ({ id, sh, critical }) =>
      `${critical ? 'q_go_on; ' : ''}q_run ${quote(id)} ${quote(sh.text)}${critical ? ' || exit 1' : ''}\n`,
  );
  const body = `${calls.join('')}printf '\\n%s D\\n' "$q_nonce"\n`;
  // What is only read is printed at once: a packet for each small line costs more than the reading.
  const isRead = fragments.every(({ critical }) => !critical);
  return `${PRELUDE}
q_nonce=${quote(nonce)} q_state=${quote(stateDir)} q_stop=\${q_stop-}
trap 'q_stop=1' USR1
q_go_on() { if [ -n "$q_stop" ]; then printf '\\n%s S\\n' "$q_nonce"; exit 0; fi; }
q_run() {
  printf '\\n%s B %s\\n' "$q_nonce" "$1"
  (trap - USR1; eval "$2") </dev/null 2>&1
  q_code=$?
  printf '\\n%s E %s\\n' "$q_nonce" "$q_code"
  return "$q_code"
}
printf '\\n%s H\\n' "$q_nonce"
${isRead ? `q_all=$(${body})\nprintf '%s\\n' "$q_all"\n` : body}`;
}
