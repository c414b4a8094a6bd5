import { sh } from '../../dsl/shell/sh.ts';

/** Seconds to wait for others: upgrades that run by themselves take minutes. */
const PATIENCE = 300;

/**
 * Shell that waits while another program has the packages, or their lists, locked. apt waits for one of the locks by
 * itself, and dpkg for none. Goes on in the end: what fails then says who has them.
 */
export const aptUnlocked = sh`q_locked() {
  for q_lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
    q_inode=$(stat -c %i -- "$q_lock" 2>/dev/null) && grep -q "POSIX .* WRITE .*:$q_inode " /proc/locks 2>/dev/null && return
  done
  return 1
}
q_waited=0
while q_locked && [ "$q_waited" -lt ${PATIENCE} ]; do
  if [ "$q_waited" = 0 ]; then echo 'another program has the packages locked: waiting for it'; fi
  sleep 1; q_waited=$((q_waited + 1))
done`;
