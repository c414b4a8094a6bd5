import { sh } from './shell/sh.ts';

/** Where the lock lies: nobody but root may open it, and nothing is left of it after a boot. */
const LOCK = '/run/quorate.lock';

/** Seconds to wait for it: what holds it takes one or two. */
const SECONDS = 60;

/**
 * Shell that waits until no other apply on the host changes what services share, and keeps it so until its
 * own fragment ends. Tools for accounts and ufw look first and lock later: of two at a time, for two services
 * say, one undoes what the other did. Where the host has no `flock`, or the login may not write there, it goes on
 * at once. Not every `flock` can wait for a time.
 */
export const alone = sh`if command -v flock >/dev/null && (umask 077; : >>${LOCK}) 2>/dev/null; then
  exec 9<${LOCK}
  q_tries=0
  until flock -n 9; do
    if sleep 0.2 2>/dev/null; then q_tries=$((q_tries + 1)); else sleep 1; q_tries=$((q_tries + 5)); fi
    if [ "$q_tries" -ge ${SECONDS * 5} ]; then echo ${`another change of accounts or firewall holds ${LOCK} for ${SECONDS} s`}; exit 1; fi
  done
fi`;
