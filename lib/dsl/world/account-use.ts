import { type Sh, sh } from '../shell/sh.ts';

/** Seconds for a look at the files of an account: where that is too short it counts as needed. */
const SEARCH = 20;

export interface Besides {
  /** A folder whose files do not count. */
  readonly folder?: string;
  /** Prints paths that do not count, one a line. */
  readonly paths: Sh;
}

/**
 * Shell functions that say what on a host needs an account, one a line: `q_units NAME` files of units that name it as
 * user or group, `q_processes NAME` as `PID (NAME) UNIT`, `q_files -user NAME` (`-group`, or any words of find) the
 * first such file on the disks.
 */
export function accountUse({ folder = '/proc', paths }: Besides): Sh {
  return sh`q_units() {
  grep -lE "^(User|Group|SupplementaryGroups)[[:space:]]*=(.*[[:space:]])?$1([[:space:]]|$)" /etc/systemd/system/*.service /run/systemd/system/*.service \
    /usr/lib/systemd/system/*.service /lib/systemd/system/*.service /etc/systemd/system/*.service.d/*.conf 2>/dev/null
}
q_processes() {
  stat -c '%U %G %n' /proc/[0-9]* 2>/dev/null | while read -r q_owner q_group q_proc; do
    case " $q_owner $q_group " in *" $1 "*) ;; *) continue ;; esac
    if [ "\${q_proc##*/}" = "\${q_main-}" ]; then continue; fi
    q_unit=$(sed -n 's|.*/\([^/]*\.service\).*|\1|p' "$q_proc/cgroup" 2>/dev/null | head -n 1)
    read -r q_name <"$q_proc/comm" 2>/dev/null && echo "\${q_proc##*/} ($q_name) \${q_unit:--}"
  done
}
q_files() {
  set -- -xdev -path ${folder} -prune -o "$@"
  while IFS= read -r q_line; do case $q_line in /*) set -- "$@" ! -path "$q_line" ;; esac; done <<EOT
$(${paths})
EOT
  set -- "$@" -print
  while read -r q_n q_at q_type q_n; do
    case $q_type in ext[234] | xfs | btrfs | zfs | f2fs | jfs | reiserfs | overlay | bcachefs) set -- "$q_at" "$@" ;; esac
  done </proc/mounts
  case $1 in /*) ;; *) set -- / "$@" ;; esac
  { timeout ${SEARCH} find "$@" 2>/dev/null; case $? in 0 | 1) ;; 124) echo 'too many to be looked through' ;; *) echo 'they could not be looked for' ;; esac; } | head -n 1
}`;
}
