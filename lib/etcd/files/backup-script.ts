import { PRELUDE } from '../../dsl/prelude.ts';
import { sh } from '../../dsl/sh.ts';
import type { Member } from '../model/cluster.ts';
import { takeSnapshot } from '../snapshots/take.ts';
import type { Keep } from '../snapshots/thin.ts';
import { thinShell } from '../snapshots/thin-shell.ts';

/** Seconds for the transfer from the member: nobody waits for it. */
const SECONDS = 3600;

/**
 * A script that takes a snapshot where its member leads, and thins what the host keeps; it needs no control machine.
 * On the others it ends at once.
 */
export function backupScript(member: Member, keep: Keep | undefined): string {
  const thin =
    keep === undefined
      ? sh`:`
      : sh`${thinShell(member.cluster, keep)}
if [ -n "$q_going" ]; then $q_become sh -c 'cd -- "$1" && shift && rm -f -- "$@"' q_own "$q_dir" $q_going && echo "removed$q_going"; fi`;
  return `#!/bin/sh
# Takes snapshots of the cluster of ${member.name}; written by Quorate, run by a timer.
${PRELUDE}
q_state=${member.stateDir}
${takeSnapshot(member, 'timer', SECONDS, { leaderOnly: true }).text}
${thin.text}
`;
}
