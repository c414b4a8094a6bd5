import { userState } from '../../dsl/world/user-state.ts';

/** Exit status of a fragment whose user the host could not become. */
export const CANNOT_BECOME = 126;

/** What such a fragment says then. */
export const NO_USER = 'there is none of this name';

/**
 * Shell functions for fragments that run as another user, by what the host has for that: setpriv, chroot, runuser or
 * su. `q_by USER TEXT` runs TEXT, which never stands in a command line, by a shell of that user with all our functions
 * (`$q_prelude`), in the user's home. `$q_state` is a folder of that user: `userState`.
 *
 * That user has neither the exchange's pipe nor its nonce, with which it would answer for fragments of root's, also later
 * from the background: what it prints comes by a pipe of its own, until its shell has ended, and `q_copy` passes it on as
 * text, and marks (`q_part`) by `$q_mark`, the nonce of users.
 */
export const BY_USER = `q_by() {
  if [ -z "$(id -u -- "$1" 2>/dev/null)" ]; then q_cannot "${NO_USER}"; return; fi
  q_boot='q_all=$(cat) && exec </dev/null && eval "$q_all"'
  q_home=$(q_account passwd "$1") q_home=\${q_home%:*} q_home=\${q_home##*:}
  if q_as "$1"; then set -- "$1" "$2" "$q_become sh -c"
  elif [ "$(id -u)" = 0 ] && su -s /bin/sh "$1" -c : >/dev/null 2>&1; then set -- "$1" "$2" "su -s /bin/sh $1 -c"
  else q_cannot "this login is not root, or has none of setpriv, chroot, runuser and su"; return
  fi
  {
    {
      printf '%s\\n' "$q_prelude" "q_nonce=$q_mark q_state='${userState('$q_state', '$1')}' HOME='\${q_home:-/}' USER=$1 LOGNAME=$1; export HOME USER LOGNAME; cd \\"\\$HOME\\" 2>/dev/null || cd /"
      printf '%s\\n' "$2"
    } | $3 "$q_boot"
    printf '\\n%s U %s\\n' "$q_nonce" "$?"
  } 2>&1 | q_copy
}
q_copy() {
  q_gap=
  while IFS= read -r q_line; do
    # The last empty line may be the end's own.
    case $q_line in "$q_nonce U "*) return "\${q_line##* }" ;; esac
    if [ -n "$q_gap" ]; then echo; q_gap=; fi
    case $q_line in
      '') q_gap=1 ;;
      "$q_mark P"*) printf '%s%s\\n' "$q_nonce" "\${q_line#"$q_mark"}" ;;
      *) printf '%s\\n' "$q_line" ;;
    esac
  done
  return 125
}
q_cannot() { q_part cannot-become; echo "$1"; return ${CANNOT_BECOME}; }
`;
