import { type Sh, sh } from './sh.ts';

/** Seconds for a look at the files of an account: where that is too short it counts as needed. */
const SEARCH = 20;

export interface Besides {
  /** A folder whose files do not count. */
  readonly folder?: string;
  /** Prints paths that do not count, one a line. */
  readonly paths: Sh;
}

/**
 * Shell functions that say what on a host needs an account, one a line: `q_units USER` files of units that name it,
 * `q_processes USER` as `PID (NAME) UNIT`, `q_files -user|-group NAME` the first file on the disks that is its own.
 */
export function accountUse({ folder = '/proc', paths }: Besides): Sh {
  return sh`q_units() {
  grep -lE "^User[[:space:]]*=[[:space:]]*$1[[:space:]]*$" /etc/systemd/system/*.service /run/systemd/system/*.service \
    /usr/lib/systemd/system/*.service /lib/systemd/system/*.service /etc/systemd/system/*.service.d/*.conf 2>/dev/null
}
q_processes() {
  stat -c '%U %n' /proc/[0-9]* 2>/dev/null | while read -r q_owner q_proc; do
    if [ "$q_owner" != "$1" ] || [ "\${q_proc##*/}" = "\${q_main-}" ]; then continue; fi
    q_unit=$(sed -n 's|.*/\([^/]*\.service\).*|\1|p' "$q_proc/cgroup" 2>/dev/null | head -n 1)
    read -r q_name <"$q_proc/comm" 2>/dev/null && echo "\${q_proc##*/} ($q_name) \${q_unit:--}"
  done
}
q_files() {
  q_of=$1 q_whose=$2
  set -- -xdev -path ${folder} -prune -o "$q_of" "$q_whose"
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
