import { DENIALS } from './words.ts';

/**
 * POSIX shell functions that read what etcd's tools print where no control machine is there to read it: the timer's
 * snapshots, an etcd that is asked until it is ready. They know the shapes that `shapes.ts` knows.
 *
 * - `q_status ANSWER`: of `endpoint status`. Sets `$q_cluster` (hex), `$q_self`, `$q_leader` (0 without one), `$q_etcd`
 *   (its version), `$q_size` in bytes and `$q_applied` (empty where 3.3 does not tell). Fails for any other shape.
 * - `q_content ANSWER`: of `snapshot status`. Sets `$q_revision`, `$q_keys` and `$q_hash`. Fails for any other shape.
 * - `q_unknown QUESTION WORD…`: says that the tool, which is run as WORD…, answered in another shape.
 * - `q_denied FILE`: what was said there is that etcd's users are in force, and who asked may not.
 * - `q_bumps WORD…`: the tool can restore a snapshot with later revisions than it has.
 */
export const READERS = `q_number() {
  q_value=
  case $2 in *"\\"$1\\":"*) ;; *) return 0 ;; esac
  q_value=\${2#*"\\"$1\\":"} q_value=\${q_value%%[,\\}]*}
  case $q_value in '' | *[!0-9]*) return 1 ;; esac
}
q_needed() { q_number "$@" && [ -n "$q_value" ]; }
q_status() {
  case $1 in *'"Status":'*'"Status":'*) return 1 ;; '[{'*'"Status":{'*'}]') ;; *) return 1 ;; esac
  q_needed raftTerm "$1" && q_needed raftIndex "$1" && q_needed cluster_id "$1" || return
  q_cluster=$(printf %x "$q_value")
  q_needed member_id "$1" || return; q_self=$q_value
  q_number leader "$1" || return; q_leader=\${q_value:-0}
  q_number dbSize "$1" || return; q_size=\${q_value:-0}
  q_number raftAppliedIndex "$1" || return; q_applied=$q_value
  case $1 in *'"version":"'[0-9]*) q_etcd=\${1#*'"version":"'} q_etcd=\${q_etcd%%'"'*} ;; *) return 1 ;; esac
}
q_content() {
  case $1 in '{'*'}') ;; *) return 1 ;; esac
  q_needed totalKey "$1" || return; q_keys=$q_value
  q_needed hash "$1" || return; q_hash=$q_value
  q_needed revision "$1" || return; q_revision=$q_value
}
q_unknown() {
  q_question=$1
  shift
  q_tool_version=$("$@" version 2>/dev/null </dev/null | head -n 1)
  q_tool_version=\${q_tool_version:-this tool}
  echo "\${q_tool_version%% *} \${q_tool_version##* } answered \\\`$q_question\\\` in a shape not known here"
}
q_denied() { grep -qE '${DENIALS}' "$1"; }
q_bumps() { case $("$@" snapshot restore --help 2>&1) in *--bump-revision*) ;; *) return 1 ;; esac; }`;
