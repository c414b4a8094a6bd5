import { readLock } from '../../../dsl/hold/hold.ts';
import { joinSh, type Sh, sh } from '../../../dsl/shell/sh.ts';
import { UNMOUNTED } from '../../facts/unmounted.ts';
import { probePorts } from '../../health/ports.ts';
import type { Member } from '../../model/cluster.ts';
import { logFile, pidFile } from '../../model/paths.ts';

/** Lines of the journal that are looked at: enough for what keeps coming. */
const LINES = 400;

/**
 * Minutes that the journal is read back: of a member that is well only the last one. What it says of others it
 * says again every few seconds, as long as that is so.
 */
const MINUTES = { sick: 10, well: 1 } as const;

/** How far back stops are looked for: configuration management comes by each half an hour. */
const HOURS = 3;

/** Of systemd's words on its way to stop a unit that somebody wanted stopped (sd-messages.h). */
const STOPPING = 'de5b426a63be47a7b6ac3eaac82e2f6f';

/** The parts of what `probeEvidence` prints, each behind `q_part NAME`. */
export type Part =
  | 'journal'
  | 'unread'
  | 'stops'
  | 'unit'
  | 'locks'
  | 'process'
  | 'settings'
  | 'paths'
  | 'mounts'
  | 'unmounted'
  | 'logs'
  | 'odd'
  | 'lock'
  | 'addresses'
  | 'routes'
  | 'space'
  | 'server.pem'
  | 'peer.pem'
  | 'ports';

/** Read-only shell: one exchange. What the facts know already is not asked again. */
export function probeEvidence(member: Member, others: readonly Member[], state: keyof typeof MINUTES): Sh {
  const { certDir, stateDir } = member;
  return joinSh([
    settings(member),
    journal(member, state),
    stops(member),
    unitAndProcess(member),
    paths(member),
    sh`q_part odd
if [ -f ${`${stateDir}/issued`} ] && [ -r ${`${stateDir}/issued`} ]; then
  while read -r q_sum q_name; do
    if [ -f "$q_name" ] && [ -r "$q_name" ]; then case $(sha256sum <"$q_name") in "$q_sum "*) ;; *) echo "$q_name" ;; esac; fi
  done <${`${stateDir}/issued`}
fi
q_part lock
${readLock(stateDir)}
if [ -n "$q_owner" ]; then echo "\${q_owner%%:*} $q_who"; fi
q_part space
q_there "$q_data"; df -Pk "$q_dir" | tail -n 1
for q_pem in server.pem peer.pem; do
  q_part "$q_pem"
  if [ -f ${certDir}/"$q_pem" ]; then cat ${certDir}/"$q_pem" 2>/dev/null; fi
done`,
    routes(others),
    sh`q_part ports`,
    probePorts(others),
  ]);
}

/** What etcd.conf says, as a start would read it. `$q_data` and `$q_wal` are the places that are in force. */
function settings({ configDir, dataDir }: Member): Sh {
  const conf = `${configDir}/etcd.conf`;
  return sh`q_settings=
if [ -f ${conf} ]; then q_settings=$(grep -E '^ETCD_[A-Z_]*(DIR|URLS|OUTPUTS|FILE)=' ${conf} 2>/dev/null); fi
# Its last lines; of what is no file nothing, which would be read until somebody writes to it.
q_tail() { if [ ! -e "$2" ] || [ -f "$2" ]; then tail -n "$1" -- "$2"; else echo "$2 is not a file" >&2; fi; }
q_set() { printf '%s\n' "$q_settings" | sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" | tail -n 1; }
q_data=$(q_set ETCD_DATA_DIR); q_data=\${q_data:-${dataDir}}
q_wal=$(q_set ETCD_WAL_DIR); q_wal=\${q_wal:-$q_data/member/wal}
q_part settings; printf '%s\n' "$q_settings"
# The nearest folder above a path that is there.
q_there() { q_dir=$1; while [ ! -e "$q_dir" ]; do q_dir=\${q_dir%/*} q_dir=\${q_dir:-/}; done; }`;
}

/** What it wrote, also where it writes to files; and why that could not be read. */
function journal(member: Member, state: keyof typeof MINUTES): Sh {
  const { manager, service } = member;
  const lines =
    manager === 'systemd'
      ? journalSinceStart(service, MINUTES[state])
      : sh`q_tail ${LINES} ${logFile(member)}`;
  const readable =
    manager === 'systemd'
      ? sh`journalctl --no-pager --lines=0 --unit ${service}.service 2>&1 >/dev/null | head -n 1`
      : sh`q_tail 1 ${logFile(member)} 2>&1 >/dev/null`;
  return sh`q_journal=$({ ${lines}
q_set ETCD_LOG_OUTPUTS | tr , '\n' | grep '^/' | while IFS= read -r q_file; do q_tail ${LINES} "$q_file"; done; } 2>/dev/null)
q_part journal; printf '%s\n' "$q_journal"
q_part unread; { ${state === 'sick' ? readable : sh`:`}
q_set ETCD_LOG_OUTPUTS | tr , '\n' | grep '^/' | while IFS= read -r q_file; do q_tail 1 "$q_file" 2>&1 >/dev/null; done; }`;
}

/**
 * Of the last start only: what an earlier one died of may be long mended. Of one that systemd starts again and
 * again the last minute: the start under way has not come to what the ones before died of. systemd below 232
 * numbers no starts.
 */
function journalSinceStart(service: string, minutes: number): Sh {
  return sh`q_unit=$(systemctl show -p NRestarts -p ActiveState -p InvocationID ${service}.service)
q_start=\${q_unit#*InvocationID=} q_start=\${q_start%%"$q_nl"*}
case $q_unit in
  *NRestarts=[1-9]*ActiveState=activating* | *ActiveState=activating*NRestarts=[1-9]*) set -- --unit ${service}.service --since=-1min ;;
  *InvocationID=?*) set -- "_SYSTEMD_INVOCATION_ID=$q_start" + "INVOCATION_ID=$q_start" ;;
  *) set -- --unit ${service}.service ;;
esac
# Not --lines: with --since it gives the oldest.
journalctl --no-pager --output=cat ${`--since=-${minutes}min`} "$@" | tail -n ${LINES}`;
}

/** When its host counts now, and when somebody has stopped it, seconds since 1970: systemd's own word, of any invocation. */
function stops({ manager, service }: Member): Sh {
  if (manager !== 'systemd') return sh`:`;
  return sh`q_part stops; date +%s
journalctl --quiet --no-pager --output=short-unix --since=${`-${HOURS}h`} _PID=1 MESSAGE_ID=${STOPPING} UNIT=${service}.service 2>/dev/null |
  tail -n ${LINES} | cut -d ' ' -f 1`;
}

/** Of its environment the names alone: a proxy may carry a password. */
function unitAndProcess(member: Member): Sh {
  const { manager, service } = member;
  const main =
    manager === 'systemd'
      ? sh`q_unit=$(systemctl show -p LoadState -p FragmentPath -p DropInPaths -p MainPID ${service}.service 2>/dev/null)
printf '%s\n' "$q_unit"; q_main=\${q_unit#*MainPID=} q_main=\${q_main%%"$q_nl"*}`
      : sh`q_main=; if [ -f ${pidFile(member)} ]; then read -r q_main q_born <${pidFile(member)}; fi`;
  return sh`q_part unit; ${main}
q_part process
if [ -d "/proc/\${q_main:-0}" ] && [ "\${q_main:-0}" != 0 ]; then
  echo "pid $q_main"; sed -n 's/^State:[[:space:]]*/state /p' "/proc/$q_main/status"
  { tr '\0' '\n' <"/proc/$q_main/environ"; } 2>/dev/null | sed -n 's/^\([A-Za-z]*_[Pp][Rr][Oo][Xx][Yy]\)=..*/proxy \1/p'
fi
q_part locks
${locks}`;
}

/** `PID PROGRAM` of others that have locked the database, which etcd then waits for. */
const locks = sh`q_db=$q_data/member/snap/db
if [ -f "$q_db" ]; then
  q_inode=$(stat -L -c %i "$q_db")
  while read -r q_n q_kind q_n q_n q_pid q_place q_n; do
    case $q_kind$q_place in FLOCK*:"$q_inode") ;; *) continue ;; esac
    if [ "$q_pid" = "\${q_main:-0}" ]; then continue; fi
    for q_fd in /proc/"$q_pid"/fd/*; do
      if [ "$q_fd" -ef "$q_db" ]; then read -r q_program <"/proc/$q_pid/comm"; echo "$q_pid $q_program"; break; fi
    done
  done </proc/locks
fi`;

/**
 * `there MODE OWNER GROUP SIZE TYPE PATH`, `missing PATH`, or `hidden PATH` where this login may not look; of what a
 * member needs and of what its journal names. Logs of raft lie where data is, wherever that is.
 */
function paths({ binDir, configDir, certDir, dataDir }: Member): Sh {
  const own = [
    `${binDir}/etcd`,
    `${configDir}/etcd.conf`,
    certDir,
    ...['ca.pem', 'server.pem', 'server-key.pem', 'peer.pem', 'peer-key.pem'].map(
      (name) => `${certDir}/${name}`,
    ),
  ];
  return sh`q_named=$(printf '%s\n' "$q_journal" |
  grep -oE '(open|stat|mkdir|unlink|unlinkat|rename|remove|write|read|chmod|chown|sync|load|spawning|executable|execute|executing|readdir) /[^:"\]+|"(path|dir)":"/[^"]+' |
  sed 's/^[^/]*//' | sort -u | head -n 12)
q_part paths
# One name a line: journals may name anything.
set -- ${own} "$q_data" "$q_data/member" "$q_data/member/snap/db" "$q_wal"
# And the folders above, which it must come through.
for q_path in "$q_data" "$q_wal" ${binDir} ${certDir}; do
  while [ -n "\${q_path%/*}" ]; do q_path=\${q_path%/*}; set -- "$@" "$q_path"; done
done
q_ifs=$IFS; IFS=$q_nl; set -f; set -- "$@" $q_named; set +f; IFS=$q_ifs
stat -L -c 'there %a %U %G %s %f %n' -- "$@" 2>/dev/null
for q_path in "$@"; do
  if [ ! -e "$q_path" ]; then
    q_there "$q_path"
    if [ ! -d "$q_dir" ] || [ -x "$q_dir/" ]; then echo "missing $q_path"; else echo "hidden $q_path"; fi
  fi
done
q_part mounts
for q_path in "$q_data" ${binDir} ${certDir}; do
  q_there "$q_path"; q_on=$(df -Pk "$q_dir" | tail -n 1); q_on=/\${q_on#*% /}
  while read -r q_n q_at q_n q_options q_n; do if [ "$q_at" = "$q_on" ]; then q_found=$q_options; fi; done </proc/mounts
  echo "mount \${q_found-} $q_on $q_path"
done
q_part unmounted
${UNMOUNTED}
q_unmounted "$q_data"; q_unmounted "$q_wal"
q_part logs
for q_file in "$q_wal"/*.wal ${dataDir}/member/wal/*.wal ${parentOf(dataDir)}/*/member/wal/*.wal ${parentOf(dataDir)}/member/wal/*.wal /var/lib/etcd*/member/wal/*.wal; do
  if [ -e "$q_file" ]; then stat -c '%Y %s %n' "$q_file"; fi
done`;
}

function parentOf(directory: string): string {
  return directory.replace(/\/[^/]+$/, '') || '/';
}

/** From which address packets to the others leave. */
function routes(others: readonly Member[]): Sh {
  return sh`q_part addresses; ip -o addr 2>/dev/null | sed -n 's|.* inet6\{0,1\} \([^ /]*\).*|\1|p'
q_part routes
for q_name in ${others.map(({ peerAddress }) => peerAddress)}; do
  q_ip=$(timeout 4 getent ahosts "$q_name" | { read -r q_ip q_rest; echo "$q_ip"; })
  if [ -n "$q_ip" ]; then echo "$q_name $(ip -o route get "$q_ip" 2>/dev/null | head -n 1)"; fi
done`;
}
