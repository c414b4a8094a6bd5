import { joinSh, type Sh, sh } from '../../../dsl/sh.ts';
import { etcdctlFunction } from '../../facts/etcdctl.ts';
import { type Cluster, hostPort, type Member } from '../../model/cluster.ts';
import { bootstrapFile } from '../../model/paths.ts';
import { startMember } from '../../power.ts';
import { refuseUnlessStopped } from '../../stopped.ts';

/** Revisions that a restored cluster is ahead of any that a client may have seen; etcd's own guide names this number. */
const BUMP = 1_000_000_000;

/** What one restore leaves on a host: its run tells its folders from those of any other. */
export interface RestorePlace {
  readonly member: Member;
  /** Of the run that began it. */
  readonly run: string;
}

/** Where the snapshot lies for a moment: among our records, where nobody else writes. */
export function sentFile({ stateDir }: Member): string {
  return `${stateDir}/restore.db`;
}

/** Where restored data lies until it is put in place, in the data directory: on its disk, and its user's. */
function nextDir({ member, run }: RestorePlace): string {
  return `${member.dataDir}/.restore-${run}`;
}

/** Where the old data goes, in the data directory as on a mount point. */
export function asideDir({ member, run }: RestorePlace): string {
  return `${member.dataDir}/.${member.service}.before-restore-${run}.quorate-aside`;
}

/** The raft log on a disk of its own, in the same two states. */
const walNext = ({ member: { walDir }, run }: RestorePlace) => `${walDir}.restore-${run}`;
export const walAside = ({ member: { walDir }, run }: RestorePlace) => `${walDir}.before-restore-${run}`;

/** Record of the run whose restored data a host has. */
function placedRecord({ stateDir }: Member): string {
  return `${stateDir}/restored`;
}

/** A member that listens elsewhere otherwise can be asked by its own host, and by no client from outside. */
function closedUrl({ listenAddress, clientPort }: Member): string | undefined {
  if (listenAddress === '127.0.0.1') return undefined;
  return `https://${hostPort('127.0.0.1', clientPort)}`;
}

/** Read-only shell: `prepared`, `placed` and `closed`, each where it is so; `tool NAME` that restores. */
export function progressFacts(place: RestorePlace): Sh {
  const { member, run } = place;
  const next = nextDir(place);
  return joinSh([
    etcdctlFunction(member),
    sh`q_run=; if [ -f ${placedRecord(member)} ]; then IFS= read -r q_run <${placedRecord(member)}; fi
if [ "$q_run" = ${run} ]; then q_part placed
elif [ -f ${`${next}/ready`} ]; then
  if [ -d ${`${next}/member`} ]; then q_part prepared; else q_part placed; fi
fi
if [ -f ${bootstrapFile(member)} ] || { q_setting ETCD_LISTEN_CLIENT_URLS && [ "$q_value" = ${closedUrl(member) ?? 'none'} ]; }; then q_part closed; fi
${TOOL}
q_part "tool $q_tool"`,
  ]);
}

/** etcdutl came with 3.5, and from 3.6 on etcdctl restores no more. */
const TOOL = sh`q_tool=\${q_program%/*}/etcdutl
if [ ! -x "$q_tool" ]; then q_tool=$q_program; fi
if [ ! -x "$q_tool" ]; then q_tool=; fi`;

/**
 * Shell that restores the file that was sent into a folder beside the data, as the member's user. Ends with 5 where
 * it has another digest.
 */
export function prepare(place: RestorePlace, cluster: Cluster, sha256: string): Sh {
  const { member, run } = place;
  const { dataDir, walDir, name, peerUrl } = member;
  const sent = sentFile(member);
  const flags = [
    ...[
      '--name',
      name,
      '--initial-cluster',
      cluster.members.map((one) => `${one.name}=${one.peerUrl}`).join(','),
    ],
    ...[
      '--initial-cluster-token',
      `${cluster.name}-restore-${run}`,
      '--initial-advertise-peer-urls',
      peerUrl,
    ],
    ...(walDir === undefined ? [] : ['--wal-dir', walNext(place)]),
  ];
  return joinSh([
    etcdctlFunction(member),
    TOOL,
    sh`if [ -z "$q_trusts" ]; then echo "cannot become $q_user: neither setpriv, chroot nor runuser does it"; exit 1; fi
if [ -z "$q_tool" ]; then echo 'neither etcdutl nor etcdctl is there: run the role binaries'; exit 1; fi
q_sum=$(sha256sum <${sent}) || exit
if [ "\${q_sum%% *}" != ${sha256} ]; then echo "it arrived with SHA-256 \${q_sum%% *}, wanted ${sha256}"; rm -f -- ${sent}; exit 5; fi
if [ -n "$q_become" ]; then chown -h -- "$q_user" ${sent} || exit; fi
$q_become sh -c ${RESTORE} q_own ${[dataDir, nextDir(place), sent]} "$q_tool" ${walDir === undefined ? '' : walNext(place)} ${BUMP} ${flags} || exit
rm -f -- ${sent}
sync`,
  ]);
}

/** What the member's user does: `$1` the data directory, `$2` the folder beside, `$3` the snapshot, `$4` the tool. */
const RESTORE = `umask 077
cd -- "$1" || exit
next=$2 file=$3 tool=$4 wal=$5 bump=$6
shift 6
rm -rf -- "$next" || exit
if [ -n "$wal" ]; then rm -rf -- "$wal" || exit; fi
api=; case $tool in */etcdctl) api=ETCDCTL_API=3 ;; esac
case $(env -i PATH="$PATH" $api "$tool" snapshot restore --help 2>&1) in
  *--bump-revision*) set -- "$@" --bump-revision "$bump" --mark-compacted ;;
esac
env -i PATH="$PATH" $api "$tool" snapshot restore "$file" --data-dir "$next" "$@" || { rm -rf -- "$next"; exit 1; }
: >"$next/ready"`;

/** Shell that swaps old and restored data by renaming; killed anywhere, it goes on from there. */
export function placeData(place: RestorePlace): Sh {
  const { member, run } = place;
  const { walDir, dataDir } = member;
  const wal =
    walDir === undefined
      ? sh`:`
      : sh`$q_become sh -c ${SWAP} q_own ${[walDir, walNext(place), walAside(place)]} || exit`;
  return joinSh([
    etcdctlFunction(member),
    sh`${refuseUnlessStopped(member)}
${wal}
$q_become sh -c 'umask 077; mkdir -p -- "$1"' q_own ${asideDir(place)} || exit
$q_become sh -c ${SWAP} q_own ${[`${dataDir}/member`, `${nextDir(place)}/member`, `${asideDir(place)}/member`]} || exit
if [ ! -d ${`${dataDir}/member`} ]; then echo 'the restored data is not in its place'; exit 1; fi
printf '%s\n' ${run} | q_write ${placedRecord(member)} 0644 '' ''`,
  ]);
}

/** `$1` makes way to `$3`, and `$2` takes its place. */
const SWAP = `if [ -e "$2" ]; then
  if [ -e "$1" ]; then
    if [ -e "$3" ]; then echo "$3 is there already"; exit 1; fi
    mv -- "$1" "$3" || exit
  fi
  mv -- "$2" "$1"
fi`;

/** Shell that starts a member where no client from outside reaches it. */
export function startClosed(member: Member): Sh {
  const url = closedUrl(member);
  const close =
    url === undefined
      ? sh`:`
      : sh`printf '%s\n' ${`ETCD_LISTEN_CLIENT_URLS="${url}"`} | q_write ${bootstrapFile(member)} 0600 '' '' || exit`;
  return sh`${close}
${startMember(member)}`;
}

/** Shell that lets clients in again, and takes the empty folder of the restore away. */
export function openToClients(place: RestorePlace): Sh {
  const { member } = place;
  const { manager, service } = member;
  const restart = manager === 'process' ? startMember(member) : sh`systemctl restart ${`${service}.service`}`;
  return joinSh([
    etcdctlFunction(member),
    sh`rm -f -- ${bootstrapFile(member)} && ${restart} || exit
$q_become sh -c 'rm -rf -- "$1"' q_own ${nextDir(place)}`,
  ]);
}
