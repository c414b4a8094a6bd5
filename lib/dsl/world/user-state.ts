/** Folder below our records that tasks which act as another user keep theirs in: it is `$q_state` to their shell. */
export function userState(stateDir: string, user: string): string {
  return `${stateDir}/of-${user}`;
}
