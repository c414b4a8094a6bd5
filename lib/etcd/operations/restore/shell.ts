import { joinSh, type Sh, sh } from '../../../dsl/shell/sh.ts';
import { etcdctlFunction } from '../../facts/etcdctl/etcdctl.ts';
import { READERS } from '../../facts/etcdctl/shell.ts';
import { closedEnvironment, closedUrl } from '../../files/etcd-conf.ts';
import type { Cluster, Member } from '../../model/cluster.ts';
import { bootstrapFile } from '../../model/paths.ts';
import { startMember } from '../../power.ts';
import { clearLeft, leftOver, sentFile } from '../common/left-over.ts';
import { ownDirs } from './own-dirs.ts';

/** Revisions that a restored cluster is ahead of any that a client may have seen; etcd's own guide names this number. */
const BUMP = 1_000_000_000;

/** What one restore leaves on a host: its run tells its folders from those of any other. */
export interface RestorePlace {
  readonly member: Member;
  /** ID of the run that began it. */
  readonly run: string;
  /** Other data takes the place of the old: of a snapshot, or of the one member that is left. */
  readonly verb: 'restore' | 'recover';
}

/** Where restored data lies until it is put in place, in the data directory: on its disk, and its user's. */
export function nextDir({ member, run, verb }: RestorePlace): string {
  return `${member.dataDir}/.${verb}-${run}`;
}

/** Where the old data goes, in the data directory as on a mount point. */
export function asideDir({ member, run, verb }: RestorePlace): string {
  return `${member.dataDir}/.${member.service}.before-${verb}-${run}.quorate-aside`;
}

/** The raft log on a disk of its own, in the same two states. */
export const walNext = ({ member: { walDir }, run, verb }: RestorePlace) => `${walDir}.${verb}-${run}`;
export const walAside = ({ member: { walDir }, run, verb }: RestorePlace) =>
  `${walDir}.before-${verb}-${run}`;

/** Where the old data of a host is kept, for a sentence. */
export function keptIn(place: RestorePlace): string {
  return [asideDir(place), ...(place.member.walDir === undefined ? [] : [walAside(place)])].join(' and ');
}

/** Record of the run whose restored data a host has. */
export function placedRecord({ stateDir }: Member): string {
  return `${stateDir}/restored`;
}

/**
 * Read-only shell: `prepared`, `placed`, `moved`, `left` and `closed` (to clients, or kept from starting at boot), each where it is so; `tool NAME` that restores. Only
 * the record says that data is placed: who was killed between the swap and that places it again, which changes nothing but
 * that. Data is moved from the first rename of the swap on.
 */
export function progressFacts(place: RestorePlace): Sh {
  const { member, run } = place;
  const next = nextDir(place);
  const own = [`${next}/member`, ...(member.walDir === undefined ? [] : [walNext(place)])];
  const old = [`${asideDir(place)}/member`, ...(member.walDir === undefined ? [] : [walAside(place)])];
  return joinSh([
    etcdctlFunction(member),
    sh`q_run=; if [ -f ${placedRecord(member)} ]; then IFS= read -r q_run <${placedRecord(member)}; fi
if [ "$q_run" = ${run} ]; then q_part placed
elif [ -f ${`${next}/ready`} ]; then
  q_part prepared
  for q_file in ${own}; do if [ ! -e "$q_file" ]; then q_part moved; break; fi; done
fi
for q_file in ${old}; do if [ -e "$q_file" ]; then q_part moved; break; fi; done
for q_file in ${leftOver(member)}; do if [ -e "$q_file" ]; then q_part left; break; fi; done
if [ -f ${bootstrapFile(member)} ] || { q_setting ETCD_LISTEN_CLIENT_URLS && [ "$q_value" = ${closedUrl(member) ?? 'none'} ]; } || { [ "$q_run" = ${run} ] && ${isKeptDown(member)}; }; then q_part closed; fi
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
  const { member } = place;
  const sent = sentFile(member);
  return joinSh([
    toolsOf(member),
    sh`q_sum=$(sha256sum <${sent}) || exit
if [ "\${q_sum%% *}" != ${sha256} ]; then echo "it arrived with SHA-256 \${q_sum%% *}, wanted ${sha256}"; rm -f -- ${sent}; exit 5; fi
if [ -n "$q_become" ]; then chown -h -- "$q_user" ${sent} || exit; fi
${ownDirs(member)}
${restoreBeside(place, cluster.name, cluster.members, sent)}
rm -f -- ${sent}
sync`,
  ]);
}

/** Shell that sets `$q_become` and `$q_tool`, and ends where the member's user or the programs are not there. */
export function toolsOf(member: Member): Sh {
  return joinSh([
    etcdctlFunction(member),
    TOOL,
    sh`if [ -z "$q_trusts" ]; then echo "cannot become $q_user: neither setpriv, chroot nor runuser does it"; exit 1; fi
if [ -z "$q_tool" ]; then echo 'neither etcdutl nor etcdctl is there: run the role binaries'; exit 1; fi`,
  ]);
}

/** Shell, after `toolsOf`, that restores `file` into the folder beside the data: as one of these members. */
export function restoreBeside(
  place: RestorePlace,
  cluster: string,
  members: readonly Member[],
  file: string,
  further: readonly string[] = [],
): Sh {
  const { member, run, verb } = place;
  const { dataDir, walDir, name, peerUrl } = member;
  const flags = [
    ...['--name', name],
    ...['--initial-cluster', members.map((one) => `${one.name}=${one.peerUrl}`).join(',')],
    ...['--initial-cluster-token', `${cluster}-${verb}-${run}`],
    ...['--initial-advertise-peer-urls', peerUrl],
    ...(walDir === undefined ? [] : ['--wal-dir', walNext(place)]),
    ...further,
  ];
  return sh`$q_become sh -c ${RESTORE} q_own ${[dataDir, nextDir(place), file]} "$q_tool" ${walDir === undefined ? '' : walNext(place)} ${BUMP} ${flags} || exit`;
}

/** What the member's user does: `$1` the data directory, `$2` the folder beside, `$3` the snapshot, `$4` the tool. */
const RESTORE = `${READERS}
umask 077
cd -- "$1" || exit
next=$2 file=$3 tool=$4 wal=$5 bump=$6
shift 6
rm -rf -- "$next" || exit
if [ -n "$wal" ]; then rm -rf -- "$wal" || exit; fi
api=; case $tool in */etcdctl) api=ETCDCTL_API=3 ;; esac
if q_bumps env -i PATH="$PATH" $api "$tool"; then set -- "$@" --bump-revision "$bump" --mark-compacted; fi
env -i PATH="$PATH" $api "$tool" snapshot restore "$file" --data-dir "$next" "$@" || { rm -rf -- "$next"; exit 1; }
: >"$next/ready"`;

/** Shell that succeeds where the host would not start its member by itself: it is yet to be opened. */
function isKeptDown({ manager, service }: Member): Sh {
  return manager === 'process'
    ? sh`false`
    : sh`! systemctl is-enabled --quiet ${`${service}.service`} 2>/dev/null`;
}

/** Shell that starts a member where no client from outside reaches it. The file is for all to read: etcdctl for people asks it. */
export function startClosed(member: Member): Sh {
  const closed = closedEnvironment(member);
  const close =
    closed === '' ? sh`:` : sh`printf %s ${closed} | q_write ${bootstrapFile(member)} 0644 '' '' || exit`;
  return sh`${close}
${startMember(member)}`;
}

/** Shell that lets clients in again, and takes away what is left of this restore and of others. */
export function openToClients(place: RestorePlace): Sh {
  const { member } = place;
  const { manager, service } = member;
  const unit = `${service}.service`;
  const restart =
    manager === 'process'
      ? startMember(member)
      : sh`systemctl enable --quiet ${unit} && systemctl restart ${unit}`;
  return joinSh([
    etcdctlFunction(member),
    sh`rm -f -- ${bootstrapFile(member)} && ${restart} || exit
${clearLeft(member)}`,
  ]);
}
