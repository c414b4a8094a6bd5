import { holdFile, readLock } from '../../dsl/hold/hold.ts';
import { PRELUDE } from '../../dsl/shell/prelude.ts';
import { quote, type Sh, sh } from '../../dsl/shell/sh.ts';
import { intentFile, whileOpen } from '../facts/intent.ts';
import type { Member } from '../model/cluster.ts';
import { takeSnapshot } from '../snapshots/take.ts';
import type { Keep } from '../snapshots/thin.ts';
import { thinShell } from '../snapshots/thin-shell.ts';
import { RENEWING } from '../verbs.ts';

/** Seconds for the transfer from the member: nobody waits for it. */
const SECONDS = 3600;

/**
 * A script that takes a snapshot where its member leads, and thins what the host keeps; it needs no control machine.
 * On the others it ends at once, and well; so it does where a run or a person has the host, who may stop the member. After
 * a restore or a recovery that nobody finishes it fails: for how long, no host can tell by itself.
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
q_state=${quote(member.stateDir)}
q_none() { printf '%s\n' "$1: no snapshot is taken"; exit 0; }
${keptOff(member).text}
${takeSnapshot(member, 'timer', SECONDS, { leaderOnly: true }).text}
${thin.text}
`;
}

/** Half-way through a restore or a recovery a snapshot would be neither of what was nor of what is to come. */
function keptOff(member: Member): Sh {
  return sh`if [ -f ${holdFile(member.stateDir)} ]; then q_none 'the host is on hold'; fi
${readLock(member.stateDir)}
if [ -n "$q_owner" ]; then q_none "a run of $q_who has the host"; fi
${whileOpen(member, RENEWING, sh`printf '%s\n' ${halfWay(member)}; exit 1`)}`;
}

/** A host that was away while it was finished has it still as open, and no run looks after that. */
function halfWay(member: Member): string {
  return `a restore or a recovery is not finished: no snapshot is taken; finish it by running it again, or, where it was finished while this host was away, remove ${intentFile(member)}`;
}
