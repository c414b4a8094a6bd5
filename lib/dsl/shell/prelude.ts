import { MAX_TEXT } from './probe.ts';

/** `q_born`, `q_lives` and `q_nap`, also for scripts that run without the rest of the prelude. */
export const PROCESSES = `q_nap() { sleep "$1" 2>/dev/null || sleep 1; }
q_born() {
  q_line=$(cat "/proc/$1/stat" 2>/dev/null) || return
  set -- \${q_line##*) }
  case $1 in Z | X | x) return 1 ;; esac
  echo "\${20}"
}
q_lives() { [ -n "$2" ] && [ "$(q_born "$1")" = "$2" ]; }`;

/** Bytes of the longest name that may stand in a temporary one, `.NAME.quorate-new`: a name has 255 at most. */
export const LONGEST_NAME = 255 - '..quorate-new'.length;

/**
 * Shell functions that every script starts with. Resources call them; all are POSIX (dash, bash,
 * busybox ash) and use coreutils only.
 *
 * - `q_part [NAME]`: a line between two parts of what is printed, which nothing else can forge: see `MARK`
 * - `q_stat PATH`: where it exists, `stat TYPE|MODE|OWNER|GROUP|SIZE|UID|GID|PATH`; behind that `to directory` or
 *   `to device` for a link to one
 * - `q_text PATH [HEX [MOST]]`: `q_stat`, then `text` and base64 lines, up to one byte more than a text may have, which is
 *   MOST; only `sha256 HEX` if that is its digest
 * - `q_digest PATH`: `q_stat`, then `sha256 HEX`. Like `q_text` it prints `unreadable` for what it may not read.
 * - `q_bytes PATH [MOST]`: the base64 lines alone, and `unreadable` among them, which base64 never says
 * - `q_above PATH`: the nearest folder above that exists, as `directory`, `sealed` (nothing can be made there),
 *   `closed` (what is below is hidden from us) or `other` (no directory), and its path
 * - `q_account passwd|group NAME`: `passwd NAME UID:GID:…` or `group NAME GID:…` if there is one of exactly this name
 * - `q_records NAME`: the files of that name in our records, a line each, also where an earlier release kept those of
 *   a play that has no name: in a folder by its place in the playbook, `site-2`. One with `made` is that of a playbook
 *   of its own, `site-2.ts`. `q_newest NAME`: the newest of them, or where it is to be
 * - `q_sha256 PATH`: the digest alone; from the store when size, times and inode are those of the hashed file
 * - `q_remember PATH HEX`: stores a digest for `q_sha256` (an apply's business: it writes)
 * - `q_take SENT PATH`: brings a file that was sent to a path, and makes the folders above
 * - `q_adopt INCOMING PATH MODE OWNER:GROUP HEX [keep]`: a file that was sent beside that path takes its place, if it has
 *   that digest; `keep`: with what `q_keep` keeps of the file before
 * - `q_bring INCOMING NEW`: takes a file that was sent into the folder of `q_apart`, here; where others may change its name
 *   it is a copy that comes, which nobody else has open or can swap, and never what a link leads to
 * - `q_beside PATH`: sets `$q_new` to the temporary name of what is to take this place
 * - `q_write PATH MODE OWNER GROUP`: standard input becomes the file: 0600 and under a temporary name that nobody
 *   else made, synced, then renamed. With an empty OWNER or GROUP a file keeps its own.
 *   In a folder that others may change, all of this happens in one of our own there, which they cannot enter.
 * - `q_keep PATH NEW`: owner, access list and attributes of a file for the one that takes its place, where `cp` can
 * - `q_drop PATH`: takes a file away, and what a killed `q_write` left of it
 * - `q_mode PATH MODE OWNER GROUP`: mode and owner of what is there; fails for a link, which somebody has put there since
 * - `q_on PATH COMMAND…`: runs it with the path behind it: as it is, or by its name alone, from the folder that it is in,
 *   where others may change that (see `q_enter`)
 * - `q_mkdir DIR`: makes a folder, and those above that are missing, each as `q_on` does
 * - `q_replace NEW PATH`: one takes the place of the other, and never goes into a folder that is there by now
 * - `q_shared PATH`: we are root, and somebody else may change the folder that a path is in, or one above: between two
 *   commands a name there may become a link
 * - `q_way DIR`: sets `$q_real` to where a folder leads, and `$q_led` to a user whose link on the way leads to what is not theirs
 * - `q_astray`: the last `q_way` has found such a link, which root does not follow
 * - `q_enter PATH`: goes to the folder of a path, unless such a link leads there, and sets `$q_name` to its name in it; for
 *   subshells, as `q_apart`, which makes a folder there that is ours alone and goes into it, and `q_leave CODE`, which
 *   removes that one and exits
 * - `q_df DIR`: sets `$q_kib` to what is free there, and `$q_at` to its mount point; `$q_kib` is empty where df fails. By
 *   its line from the right: the source of a mount may have spaces
 * - `q_kept PATH MODE`: prints the mode of the file or directory that is there, else MODE
 * - `q_room PATH`: which file system it is on, and what is free there: said where a write failed
 * - `q_born PID`: start time of a process in ticks; with the PID it names that process for good. Nothing of one that has ended
 *   and that its parent has not asked for yet
 * - `q_lives PID BORN`: the process that was named so is still there
 * - `q_nap SECONDS`: sleeps for a part of a second, or for one where sleep knows whole ones only
 * - `q_label PATH`: SELinux label by policy, where SELinux is on
 * - `q_add FILE LINE…`: adds lines to a file, which is old or new, but never half: also on a disk that is full
 * - `q_own NAME…`: lists paths (and `user:NAME`) in our manifest, before they are touched. Folders above a path
 *   that are not there yet are ours, too, and so are those that another service of ours on the host has made. Lines that are new come last.
 */
export const PRELUDE = `
export LC_ALL=C LANG=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
umask 022
q_cell=.quorate-new-$$
q_nl='
'
q_part() { printf '\\n%s P %s\\n' "\${q_nonce-}" "\${1-}"; }
q_stat() {
  stat -c 'stat %F|%a|%U|%G|%s|%u|%g|%n' -- "$1" 2>/dev/null || return 0
  if [ -L "$1" ]; then q_leads "$1"; fi
}
q_leads() { if [ -d "$1" ]; then echo 'to directory'; elif [ -c "$1" ] || [ -b "$1" ]; then echo 'to device'; fi; }
q_digest() {
  q_stat "$1"
  if [ -f "$1" ] && [ ! -L "$1" ]; then
    if q_sum=$(q_sha256 "$1" 2>/dev/null); then echo "sha256 $q_sum"; else echo unreadable; fi
  fi
}
q_text() {
  q_stat "$1"
  if [ -f "$1" ] && [ ! -L "$1" ]; then
    if [ -n "\${2-}" ] && [ "$(q_sha256 "$1" 2>/dev/null)" = "$2" ]; then echo "sha256 $2"; else echo text; q_bytes "$1" "\${3-}"; fi
  fi
}
q_bytes() { { { head -c $((\${2:-${MAX_TEXT}} + 1)) -- "$1" 2>/dev/null || echo unreadable >&3; } | base64; } 3>&1; }
q_above() {
  q_up=$1
  while :; do
    case $q_up in /*/*) q_up=\${q_up%/*} ;; *) q_up=/ ;; esac
    if [ -e "$q_up" ] || [ -L "$q_up" ]; then break; fi
  done
  if [ ! -d "$q_up" ]; then echo "other $q_up"
  elif [ ! -x "$q_up" ]; then echo "closed $q_up"
  elif [ ! -w "$q_up" ]; then echo "sealed $q_up"
  else echo "directory $q_up"
  fi
}
q_account() {
  while IFS= read -r q_line || [ -n "$q_line" ]; do
    case $q_line in "$2":*) echo "$1 $2 \${q_line#*:*:}"; return ;; esac
  done 2>/dev/null <"/etc/$1"
  if q_line=$(getent "$1" "$2" 2>/dev/null); then echo "$1 $2 \${q_line#*:*:}"; fi
}
q_sha256() {
  if [ -n "\${q_state-}" ] && [ -f "$q_state/digests" ]; then
    q_id=$(stat -c '%s %Y %Z %i' -- "$1") || return
    while read -r q_sum q_rest; do
      if [ "$q_rest" = "$q_id $1" ]; then echo "$q_sum"; return; fi
    done <"$q_state/digests"
  fi
  q_sum=$(sha256sum <"$1") || return
  echo "\${q_sum%% *}"
}
q_remember() {
  q_id=$(stat -c '%s %Y %Z %i' -- "$1") || return
  { if [ -f "$q_state/digests" ]; then
      while IFS= read -r q_line; do
        case $q_line in *" $1") ;; *) printf '%s\\n' "$q_line" ;; esac
      done <"$q_state/digests"
    fi
    printf '%s\\n' "$2 $q_id $1"; } |
    q_write "$q_state/digests" 0644 '' ''
}
q_records() {
  if [ -f "$q_state/$1" ]; then printf '%s\\n' "$q_state/$1"; fi
  q_up=\${q_state%/*} q_host=\${q_state##*/}
  for q_dir in "$q_state"-[2-9] "$q_state"-[1-9][0-9] "$q_up"-[2-9]/"$q_host" "$q_up"-[1-9][0-9]/"$q_host"; do
    if [ -f "$q_dir/$1" ] && [ ! -e "$q_dir/made" ] && [ -f "$q_dir/owner" ] && read -r q_line <"$q_dir/owner"; then
      case $q_line in 'playbook '*) printf '%s\\n' "$q_dir/$1" ;; esac
    fi
  done
}
q_newest() {
  q_records "$1" | {
    q_last=
    while IFS= read -r q_file; do
      if [ -z "$q_last" ] || [ "$q_file" -nt "$q_last" ]; then q_last=$q_file; fi
    done
    printf '%s\\n' "\${q_last:-$q_state/$1}"
  }
}
q_take() {
  if [ -d "$2" ]; then echo "$2 is a directory, a file was wanted"; return 1; fi
  if q_mkdir "\${2%/*}" && q_on "$2" rm -f -- && q_on "$2" q_replace "$1"; then return; fi
  q_on "$2" rm -f --; q_room "$2"; return 1
}
q_adopt() {
  if [ -d "$2" ]; then echo "$2 is a directory, a file was wanted"; rm -f -- "$1"; return 1; fi
  if q_shared "$2"; then (q_enter "$2" && q_apart && q_bring "$1" new && q_settle new "../$q_name" "$3" "$4" "$5" "\${6-}"; q_leave $?)
  else q_settle "$@"
  fi || { q_sum=$?; q_room "$2"; return "$q_sum"; }
  q_label "$2" && q_remember "$2" "$5"
}
q_bring() {
  if q_shared "$1"; then q_open "../\${1##*/}" && cat <&5 >"$2" && rm -f -- "../\${1##*/}"; else mv -f -- "$1" "$2"; fi
}
q_settle() {
  q_sum=$(sha256sum <"$1") || return
  if [ "\${q_sum%% *}" != "$5" ]; then echo "$1 has SHA-256 \${q_sum%% *}, wanted $5"; rm -f -- "$1"; return 5; fi
  # What is kept of the old file has its times, too: they would say that nothing has changed.
  if [ -n "\${6-}" ]; then q_keep "$2" "$1" && touch -c -- "$1" || return; fi
  q_give "$1" "$3" "\${4%:*}" "\${4#*:}" && q_sync "$1" && q_replace "$1" "$2"
}
q_beside() {
  q_new=\${1##*/}
  if [ \${#q_new} -gt ${LONGEST_NAME} ]; then q_new=; fi
  q_new="\${1%/*}/.$q_new.quorate-new"
}
q_write() {
  if [ -d "$1" ]; then echo "$1 is a directory, a file was wanted"; return 1; fi
  if q_shared "$1"; then
    (q_enter "$1" && q_apart && q_fill new "../$q_name" "$2" "$3" "$4"; q_leave $?)
  else q_beside "$1"; rm -f -- "$q_new"; q_fill "$q_new" "$@"
  fi || { q_room "$1"; return 1; }
  q_label "$1"
}
q_fill() {
  if (umask 077; set -C; exec 4>"$1" || exit; q_keep "$2" "$1" && chmod 0600 "$1" && cat >&4) &&
    q_give "$1" "$3" "$4" "$5" && q_sync "$1" && q_replace "$1" "$2"
  then :
  else rm -f -- "$1"; return 1
  fi
}
q_keep() {
  if [ ! -f "$1" ] || [ -L "$1" ]; then return 0; fi
  cp --attributes-only --preserve=all -- "$1" "$2" 2>/dev/null || chown -- "$(stat -c %u:%g -- "$1")" "$2" 2>/dev/null || :
}
q_drop() { q_beside "$1"; q_on "$q_new" rm -f -- && q_on "$1" rm -f --; }
q_mode() {
  if [ -L "$1" ]; then echo "$1 is a link, which is not followed"; return 1; fi
  if q_shared "$1"; then (q_enter "$1" && q_open "$q_name" && q_give /proc/self/fd/5 "$2" "$3" "$4" '')
  else q_give "$@"
  fi
}
q_give() {
  if [ -n "$3$4" ]; then chown \${5--h} -- "$3\${4:+:$4}" "$1" || return; fi
  chmod -- "0$2" "$1"
}
q_open() {
  if [ ! -f "./$1" ] && [ ! -d "./$1" ]; then echo "$1 is neither a file nor a directory"; return 1; fi
  exec 5<"./$1"
  if [ "$(stat -L -c %d:%i /proc/self/fd/5)" != "$(stat -c %d:%i "./$1")" ]; then echo "$1 is another one by now"; return 1; fi
}
q_replace() { mv -f -T -- "$1" "$2" 2>/dev/null || { [ ! -d "$2" ] && mv -f -- "$1" "$2"; }; }
q_on() {
  q_there=$1; shift
  # In a folder that is gone there is nothing left.
  if [ "$1" = rm ] && [ ! -d "\${q_there%/*}/" ]; then return; fi
  if q_shared "$q_there"; then (q_enter "$q_there" && "$@" "./$q_name"); else "$@" "$q_there"; fi
}
q_mkdir() {
  if [ -z "$1" ] || [ -d "$1" ]; then return; fi
  q_mkdir "\${1%/*}" && { q_on "$1" mkdir -- || [ -d "$1" ]; }
}
q_shared() {
  [ -O / ] || return
  case $1 in /*) ;; *) return 0 ;; esac
  q_top=\${1%/*} q_of=; set --
  while [ -n "$q_top" ]; do set -- "$@" "$q_top/"; q_top=\${q_top%/*}; done
  for q_of in $(stat -L -c %u:%g:%a -- "$@" / 2>/dev/null); do
    case $q_of in
      0:*:[1357]???) if [ "$#" = 0 ]; then continue; else return 0; fi ;;
      # The digit of the group is what an access list may give others, too, so that of root's group counts.
      0:*[0145][0145]) set -- ;;
      *) return 0 ;;
    esac
  done
  return 1
}
q_way() {
  q_real= q_led= q_left=$1/ q_hops=0
  case $1 in /*) ;; *) q_real=$(pwd -P) q_real=\${q_real%/} ;; esac
  while [ -n "$q_left" ]; do
    q_name=\${q_left%%/*} q_left=\${q_left#*/}
    case $q_name in
      '' | .) continue ;;
      ..) q_real=\${q_real%/*}; continue ;;
      # A link of a user's ends here.
      "$q_nl"*) if [ "$(stat -c %u -- "\${q_real:-/}" 2>/dev/null)" != "\${q_name#"$q_nl"}" ]; then q_led=\${q_name#"$q_nl"}; fi; continue ;;
    esac
    if [ ! -L "$q_real/$q_name" ]; then q_real=$q_real/$q_name; continue; fi
    q_hops=$((q_hops + 1))
    if [ "$q_hops" -gt 40 ] || ! q_of=$(stat -c %u -- "$q_real/$q_name"); then return 1; fi
    if [ "$q_of" != 0 ]; then q_left="$q_nl$q_of/$q_left"; fi
    q_of=$(readlink -- "$q_real/$q_name")
    case $q_of in /*) q_real= ;; esac
    q_left=$q_of/$q_left
  done
  q_real=\${q_real:-/}
}
q_astray() { [ -n "$q_led" ] && [ -O / ]; }
q_enter() {
  q_way "\${1%/*}" && cd -P -- "$q_real" || return
  q_name=\${1##*/}
  if [ "$(pwd -P)" != "$q_real" ] || q_astray; then echo "the way to $1 leads to $(pwd -P), by a link that somebody else has put there"; return 1; fi
}
q_apart() {
  # What a shell has left that is gone; those of others are in use.
  for q_in in .quorate-new-*; do [ "$q_in" != "$q_cell" ] && [ -d "/proc/\${q_in##*-}" ] || rm -rf -- "$q_in"; done
  q_in=$(pwd -P)
  mkdir -m 0700 "$q_cell" && cd -P "$q_cell" || return
  if [ ! -O . ] || [ "$(pwd -P)" != "\${q_in%/}/$q_cell" ]; then q_in=; echo "$q_real/$q_cell is somebody else's"; return 1; fi
}
q_leave() {
  if [ -n "\${q_in-}" ] && [ "$(pwd -P)" = "\${q_in%/}/$q_cell" ]; then cd -P .. && rm -rf "$q_cell"; fi
  exit "$1"
}
q_df() {
  q_at=$(df -Pk -- "$1" 2>/dev/null | tail -n 1) q_kib=
  q_rest=\${q_at%" /"*} q_at=/\${q_at##*" /"}
  for q_kib in \${q_rest% *}; do :; done
  case $q_kib in *[!0-9]*) q_kib= ;; esac
}
q_room() { q_df "\${1%/*}/"; if [ -n "$q_kib" ]; then echo "$q_at has $q_kib KiB free"; fi; }
q_kept() { if [ ! -L "$1" ] && { [ -f "$1" ] || [ -d "$1" ]; }; then stat -c %a -- "$1"; else echo "$2"; fi; }
${PROCESSES}
q_sync() { sync "$1" 2>/dev/null || sync; }
q_own() {
  q_ours=$q_nl$(cat "\${q_state%/*}"/*/manifest 2>/dev/null)$q_nl
  q_listed=$(cat "$q_state/manifest" 2>/dev/null | sort -u)
  q_new=$({ printf '%s\\n' "$q_listed" "$q_listed"; q_owned "$@" | sort -u; } | sort | uniq -u)
  if [ -n "$q_new" ]; then q_add "$q_state/manifest" "$q_new"; fi
}
q_add() {
  q_file=$1 q_all=$(cat -- "$1" 2>/dev/null); shift
  printf '%s\\n' \${q_all:+"$q_all"} "$@" | q_write "$q_file" 0644 '' ''
}
q_owned() {
  q_last=
  for q_name in "$@"; do
    printf '%s\n' "$q_name"
    case $q_name in /*/*) q_name=\${q_name%/*} ;; *) continue ;; esac
    if [ "$q_name" = "$q_last" ]; then continue; fi
    q_last=$q_name
    while :; do
      if [ -e "$q_name" ] || [ -L "$q_name" ]; then case $q_ours in *"$q_nl$q_name$q_nl"*) ;; *) break ;; esac; fi
      printf '%s\n' "$q_name"
      case $q_name in /*/*) q_name=\${q_name%/*} ;; *) break ;; esac
    done
  done
}
q_label() { if [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null; then restorecon -F -- "$1"; fi; }
`;
