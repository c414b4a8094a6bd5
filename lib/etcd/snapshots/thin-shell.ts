import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { SKEW } from './snapshot.ts';
import type { Keep } from './thin.ts';

/**
 * Shell that sets `$q_going` to the names of snapshots that may go: what `thinnedApart` gives, for a host that thins by
 * itself. `$q_dir` is the folder, `$q_become` what becomes the member's user; only what has its description is looked at.
 * `$q_name` is what was just taken, without its ending.
 */
export function thinShell(cluster: string, { hours, days, weeks, months }: Keep): Sh {
  return sh`q_all= q_ids= q_latest=$(date -u -d "@$(($(date +%s) + ${SKEW / 1000}))" +%Y%m%d%H%M%S)
for q_file in "$q_dir"/${cluster}-[0-9]*.db; do
  q_file=\${q_file##*/} q_stamp=\${q_file#${cluster}-}; q_stamp=\${q_stamp%%-*}
  case $q_stamp in [0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z) ;; *) continue ;; esac
  q_now=\${q_stamp%Z}
  if [ "\${q_now%T*}\${q_now#*T}" -gt "$q_latest" ]; then continue; fi
  q_rest=\${q_file#${cluster}-"$q_stamp"-r} q_rest=\${q_rest%.db}
  case $q_rest in '' | *[!0-9]*) continue ;; esac
  if [ ! -f "$q_dir/\${q_file%.db}.json" ]; then continue; fi
  q_id=$($q_become head -c 4096 -- "$q_dir/\${q_file%.db}.json") q_verb=
  case $q_id in *'"before":"'*) q_verb=\${q_id#*'"before":"'} q_verb=\${q_verb%%'"'*} ;; esac
  case $q_verb in *[!a-z]*) q_verb= ;; esac
  case $q_id in *'"clusterId":"'*) ;; *) continue ;; esac
  q_id=\${q_id#*'"clusterId":"'} q_id=\${q_id%%'"'*}
  case $q_id in '' | *[!0-9a-f]*) continue ;; esac
  q_all="$q_id/$q_verb/$q_file $q_all"
  case " $q_ids " in *" $q_id "*) ;; *) q_ids="$q_ids $q_id" ;; esac
done
q_period() {
  q_stamp=\${q_file#${cluster}-}
  case $1 in
    h) q_now=\${q_stamp%????Z*} ;;
    d) q_now=\${q_stamp%%T*} ;;
    m) q_now=\${q_stamp%%T*} q_now=\${q_now%??} ;;
    w)
      # The Julian day number, whose weeks begin on Monday.
      q_now=\${q_stamp%%T*} q_year=\${q_now%????} q_day=\${q_now#??????} q_month=\${q_now#????} q_month=\${q_month%??}
      q_day=\${q_day#0} q_month=\${q_month#0} q_a=$(((14 - q_month) / 12)) q_year=$((q_year + 4800 - q_a)) q_month=$((q_month + 12 * q_a - 3))
      q_now=$(((q_day + (153 * q_month + 2) / 5 + 365 * q_year + q_year / 4 - q_year / 100 + q_year / 400 - 32045) / 7)) ;;
  esac
}
q_rule() {
  q_left=$1 q_last=
  for q_file in $q_names; do
    q_period "$2"
    if [ "$q_now" = "$q_last" ]; then continue; fi
    if [ "$q_left" = 0 ]; then break; fi
    q_left=$((q_left - 1)) q_last=$q_now q_stay="$q_stay$q_file "
  done
}
q_going=
for q_id in $q_ids; do
  q_names= q_verbs=' ' q_firsts=
  for q_file in $q_all; do
    case $q_file in "$q_id"/*) ;; *) continue ;; esac
    q_file=\${q_file#*/} q_verb=\${q_file%%/*} q_file=\${q_file#*/} q_names="$q_names $q_file"
    case $q_verbs in *" $q_verb "*) continue ;; esac
    if [ -n "$q_verb" ]; then q_verbs="$q_verbs$q_verb " q_firsts="$q_firsts$q_file "; fi
  done
  q_names=\${q_names# } q_stay=" \${q_names%% *} \${q_name-}.db $q_firsts"
  q_rule ${hours} h; q_rule ${days} d; q_rule ${weeks} w; q_rule ${months} m
  for q_file in $q_names; do
    case $q_stay in *" $q_file "*) ;; *) q_going="$q_going $q_file \${q_file%.db}.json" ;; esac
  done
done`;
}
