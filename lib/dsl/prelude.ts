import { MAX_TEXT } from './probe.ts';

/** `q_born` and `q_lives`, also for scripts that run without the rest of the prelude. */
export const PROCESSES = `q_born() { cut -d' ' -f22 "/proc/$1/stat" 2>/dev/null; }
q_lives() { [ -n "$2" ] && [ "$(q_born "$1")" = "$2" ]; }`;

/**
 * Shell functions that every script starts with. Resources call them; all are POSIX (dash, bash,
 * busybox ash) and use coreutils only.
 *
 * - `q_stat PATH…`: one line a path that exists, `stat TYPE|MODE|OWNER|GROUP|SIZE|PATH`
 * - `q_text PATH`: `q_stat`, then `text` and base64 lines; above 64 KiB `sha256 HEX` instead
 * - `q_digest PATH`: `q_stat`, then `sha256 HEX`
 * - `q_sha256 PATH`: the digest alone; from the store when size, times and inode are those of the hashed file
 * - `q_remember PATH HEX`: stores a digest for `q_sha256` (an apply's business: it writes)
 * - `q_adopt INCOMING PATH MODE OWNER:GROUP HEX`: a file that was sent takes its place, if it has that digest
 * - `q_write PATH MODE OWNER GROUP`: standard input becomes the file: 0600 and under a temporary name
 *   first, synced, then renamed. An empty OWNER or GROUP leaves it to the writer.
 * - `q_drop PATH`: takes a file away, and what a killed `q_write` left of it
 * - `q_mode PATH MODE OWNER GROUP`: mode and owner of what is there
 * - `q_room PATH`: which file system it is on, and what is free there: said where a write failed
 * - `q_born PID`: start time of a process in ticks; with the PID it names that process for good
 * - `q_lives PID BORN`: the process that was named so is still there
 * - `q_label PATH`: SELinux label by policy, where SELinux is on
 * - `q_own NAME…`: lists paths (and `user:NAME`) in our manifest, before they are touched. Folders above a path
 *   that are not there yet are ours, too, and so are those that another service of ours on the host has made.
 */
export const PRELUDE = `
export LC_ALL=C LANG=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
umask 022
q_nl='
'
q_stat() { stat -c 'stat %F|%a|%U|%G|%s|%n' -- "$@" 2>/dev/null || :; }
q_digest() {
  q_stat "$1"
  if [ -f "$1" ] && [ ! -L "$1" ]; then printf 'sha256 '; q_sha256 "$1"; fi
}
q_text() {
  q_stat "$1"
  if [ -f "$1" ] && [ ! -L "$1" ]; then
    q_size=$(stat -c %s -- "$1")
    if [ "$q_size" -le ${MAX_TEXT} ]; then echo text; base64 "$1"; else printf 'sha256 '; q_sha256 "$1"; fi
  fi
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
q_adopt() {
  q_sum=$(sha256sum <"$1") || return
  if [ "\${q_sum%% *}" != "$5" ]; then echo "$1 has SHA-256 \${q_sum%% *}, wanted $5"; rm -f -- "$1"; return 5; fi
  if q_mode "$1" "$3" "\${4%:*}" "\${4#*:}" && q_sync "$1" && mv -f -- "$1" "$2" && q_label "$2" && q_remember "$2" "$5"
  then :
  else q_room "$2"; return 1
  fi
}
q_write() {
  q_new="\${1%/*}/.\${1##*/}.quorate-new"
  if [ -d "$1" ] && [ ! -L "$1" ]; then echo "$1 is a directory, a file was wanted"; return 1; fi
  rm -f -- "$q_new"
  if (umask 077; cat >"$q_new") && q_mode "$q_new" "$2" "$3" "$4" && q_sync "$q_new" && mv -f -- "$q_new" "$1"
  then q_label "$1"
  else rm -f -- "$q_new"; q_room "$1"; return 1
  fi
}
q_drop() { rm -f -- "$1" "\${1%/*}/.\${1##*/}.quorate-new"; }
q_mode() {
  if [ -n "$3$4" ]; then chown -h -- "$3\${4:+:$4}" "$1" || return; fi
  chmod -- "$2" "$1"
}
q_room() { set -- $(df -Pk "\${1%/*}/" 2>/dev/null | tail -n 1); if [ -n "\${6-}" ]; then echo "$6 has $4 KiB free"; fi; }
${PROCESSES}
q_sync() { sync "$1" 2>/dev/null || sync; }
q_own() {
  [ -f "$q_state/manifest" ] || : >"$q_state/manifest"
  q_mine=$q_nl$(cat "$q_state/manifest")$q_nl q_ours=$q_nl$(cat "\${q_state%/*}"/*/manifest)$q_nl
  for q_name in "$@"; do
    while :; do
      case $q_mine in *"$q_nl$q_name$q_nl"*) ;; *) printf '%s\\n' "$q_name" >>"$q_state/manifest"; q_mine=$q_mine$q_name$q_nl ;; esac
      case $q_name in /*/*) q_name=\${q_name%/*} ;; *) break ;; esac
      if [ -e "$q_name" ] || [ -L "$q_name" ]; then case $q_ours in *"$q_nl$q_name$q_nl"*) ;; *) break ;; esac; fi
    done
  done
}
q_label() { if [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null; then restorecon -F -- "$1"; fi; }
`;
