import { sh } from './sh.ts';

/**
 * Shell functions for programs that root should not run as root.
 *
 * - `q_as USER`: sets `$q_become` to the words that run a command as USER, to none where we are that user already.
 *   Fails, with none, where the host has no way to become it.
 * - `q_not_roots PATH`: prints what of a program's real path somebody else than root may change (the file, or a
 *   folder above it), and nothing where it is root's alone.
 * - `q_loose PATH…`: prints those that somebody else than root may change, with why; folders are written with a slash
 *   at their end. In one like `/tmp` (sticky) entries are safe, and a group that nobody is in, as Debian's `staff` at
 *   first, lets nobody in.
 */
export const asUser = sh`q_as() {
  q_become= q_uid=$(id -u)
  set -- "$1" $(id -u -- "$1" 2>/dev/null) $(id -g -- "$1" 2>/dev/null)
  [ "$#" = 3 ] || return
  if [ "$q_uid" = "$2" ]; then return; fi
  [ "$q_uid" = 0 ] || return
  for q_become in "setpriv --reuid=$2 --regid=$3 --init-groups" "chroot --userspec=$2:$3 /" "runuser -u $1 --"; do
    if $q_become true 2>/dev/null; then return; fi
  done
  q_become=
  return 1
}
q_not_roots() {
  q_real=$(readlink -f -- "$1")
  if [ ! -f "$q_real" ]; then echo "$1 is not there"; return; fi
  set -- "$q_real"
  while [ -n "$q_real" ]; do q_real=\${q_real%/*}; set -- "$@" "$q_real/"; done
  q_loose "$@" | head -n 1
}
q_peopled() {
  q_group=\${1#0:} q_group=\${q_group%%:*}
  q_names=$({ getent passwd || cat /etc/passwd; } 2>/dev/null) || return 0
  printf '%s\\n' "$q_names" | cut -d: -f4 | grep -qx "$q_group" && return
  q_names=$({ getent group "$q_group" || grep "^[^:]*:[^:]*:$q_group:" /etc/group; } 2>/dev/null)
  case \${q_names##*:} in '' | root) return 1 ;; esac
}
q_loose() {
  stat -L -c '%u:%g:%a:%n' -- "$@" 2>/dev/null | while IFS= read -r q_line; do
    case $q_line in
      0:*:[1357][0-7][0-7][0-7]:*/) ;;
      0:*:*[2367]:*) echo "\${q_line#*:*:*:} can be written by everybody" ;;
      0:0:* | 0:*:*[0145][0145]:*) ;;
      0:*) if q_peopled "$q_line"; then echo "\${q_line#*:*:*:} can be written by its group"; fi ;;
      *) echo "\${q_line#*:*:*:} is not root's" ;;
    esac
  done
}`;
