import { joinSh, type Sh, sh } from '../../../dsl/shell/sh.ts';
import { ASK } from '../../facts/etcdctl/asked.ts';
import { asMember, etcdctlFunction } from '../../facts/etcdctl/etcdctl.ts';
import type { Member } from '../../model/cluster.ts';
import { walPath } from '../../model/paths.ts';
import { THROWAWAY } from '../../throwaway.ts';
import { clearLeft } from '../common/left-over.ts';
import {
  asideDir,
  nextDir,
  progressFacts,
  type RestorePlace,
  restoreBeside,
  toolsOf,
  walAside,
} from '../restore/shell.ts';

/** Where the data lies that a member of its own is made of: a copy, so that the original stays as it is. */
/** Where the copy of the data lies. */
export const copyDir = (place: RestorePlace) => `${nextDir(place)}.copy`;

/**
 * Read-only shell: how far a host has come, and what its data is. `log NAME BYTES SECONDS` is the newest segment of its
 * raft log and when it was written last, `size KIB` of all. Asked are `count`, of all keys, and where no process holds its
 * database `content`, of that. Where the host has none, `kept RUN` is the first of these runs that has set its data
 * aside, and that is looked at.
 */
export function sourceFacts(place: RestorePlace, before: readonly string[] = []): Sh {
  const { member } = place;
  const kept = before.map((run) => {
    const { data, wal } = keptData({ ...place, run });
    return sh`if [ ! -e "$q_data" ] && [ -d ${data} ]; then q_data=${data} q_wal=${wal}; q_part ${`kept ${run}`}; fi`;
  });
  return joinSh([
    progressFacts(place),
    ASK,
    sh`q_data=${`${member.dataDir}/member`} q_wal=${walPath(member)}`,
    ...kept,
    sh`q_part "now $(date +%s)"
q_segment=
for q_file in "$q_wal"/*.wal; do if [ -f "$q_file" ]; then q_segment=$q_file; fi; done
if [ -n "$q_segment" ]; then q_part "log \${q_segment##*/} $(stat -c '%s %Y' -- "$q_segment")"; fi
if [ -d "$q_data" ]; then
  q_size=$(du -skc -- "$q_data" ${member.walDir === undefined ? sh`` : sh`"$q_wal"`} 2>/dev/null | tail -n 1)
  q_part "size \${q_size%%[!0-9]*}"
fi
if [ "\${q_main:-0}" -gt 0 ]; then
  q_reach </dev/null >/dev/null 2>&1
  q_ask count q_etcdctl -w json get '' --prefix --keys-only --limit=1 --consistency=s
elif [ -n "$q_tool" ] && [ -n "$q_trusts" ] && [ -f "$q_data/snap/db" ]; then
  case $q_tool in */etcdctl) q_api=ETCDCTL_API=3 ;; *) q_api= ;; esac
  q_ask content timeout 60 $q_become env -i PATH="$PATH" $q_api "$q_tool" -w json snapshot status "$q_data/snap/db"
fi
:`,
  ]);
}

/** Where a run has put the data of a host, and its raft log. */
function keptData(place: RestorePlace) {
  const data = `${asideDir(place)}/member`;
  return { data, wal: place.member.walDir === undefined ? `${data}/wal` : walAside(place) };
}

/** Which raft log is read: by default the host's own; else the copy of it, or what the run `kept` has set aside. */
export interface LogOf {
  readonly copied?: boolean;
  readonly kept?: string | undefined;
}

/** Read-only shell that prints the newest segment of a raft log; as the member's user. */
export function readSegment(place: RestorePlace, name: string, { copied, kept }: LogOf = {}): Sh {
  const folder = copied
    ? `${copyDir(place)}/member/wal`
    : kept === undefined
      ? walPath(place.member)
      : keptData({ ...place, run: kept }).wal;
  return asMember(place.member, sh`cat -- ${`${folder}/${name}`}`);
}

/**
 * Read-only shell, for members that this machine does not reach: prints `asked` where this host can ask, and `answers HOST`
 * of those that answer it.
 */
export function askHidden(member: Member, hidden: readonly { host: string; clientUrl: string }[]): Sh {
  const each = hidden.map(
    (one) =>
      sh`( q_url=${one.clientUrl}; if q_etcdctl endpoint status >/dev/null 2>&1; then q_part ${`answers ${one.host}`}; fi ) &`,
  );
  return joinSh([
    etcdctlFunction(member),
    sh`if [ -x "$q_program" ] && [ -n "$q_trusts" ] && [ -f "$q_ca" ]; then
q_part asked
${joinSh(each)}
wait
fi`,
  ]);
}

/** Shell that copies a stopped member's data, as its user. */
export function copyData(place: RestorePlace): Sh {
  const { member } = place;
  return joinSh([
    toolsOf(member),
    sh`${clearLeft(member)} || exit
$q_become sh -c ${COPY} q_own ${[member.dataDir, copyDir(place), member.walDir ?? '']} || exit
q_segment=
for q_file in ${`${copyDir(place)}/member/wal`}/*.wal; do if [ -f "$q_file" ]; then q_segment=$q_file; fi; done
if [ -z "$q_segment" ]; then echo 'there is no raft log'; exit 1; fi
echo "log \${q_segment##*/}"`,
  ]);
}

const COPY = `umask 077
cd -- "$1" || exit
mkdir -- "$2" && cp -R -p -- member "$2/member" || exit
if [ -n "$3" ]; then rm -rf -- "$2/member/wal"; cp -R -p -- "$3" "$2/member/wal" || exit; fi`;

/**
 * Shell that lets etcd itself carry out all that the copy's raft log has, as a cluster of one that nobody reaches: it
 * listens on sockets in a folder of its own. What comes of it is restored beside the data, as the only member of a new
 * cluster. Prints `gathered` with etcd's status.
 *
 * @param log Its newest segment; the bytes of that that are whole, `record` goes after those; its last entry.
 */
export function gather(
  place: RestorePlace,
  cluster: string,
  log: { readonly segment: string; readonly end: number; readonly record: Buffer; readonly last: bigint },
): Sh {
  const { member } = place;
  const copy = copyDir(place);
  const octal = [...log.record].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  return joinSh([
    toolsOf(member),
    sh`q_said=$($q_become sh -c ${GATHER} q_own ${[copy, log.segment, String(log.end), octal, String(log.last)]} "$q_exec" "$q_program" "$q_ca" "$q_cert" "$q_private") || { printf '%s\n' "$q_said"; exit 1; }
${restoreBeside(place, cluster, [member], `${copy}/member/snap/db`, ['--skip-hash-check'])}
$q_become rm -rf -- ${copy}
sync
printf 'gathered %s\n' "$q_said"`,
  ]);
}

/**
 * `$1` the copy, `$2` the segment, `$3` its whole bytes, `$4` what comes behind, `$5` its last entry, `$6` etcd, `$7`
 * etcdctl, then CA, certificate and key of the member. All data is read, and at most 100000 entries: it is through once two answers are alike.
 */
export const GATHER = `${THROWAWAY}
umask 077
ca=\${8-} cert=\${9-} key=\${10-}
cd -- "$1" || exit
head -c "$3" -- "member/wal/$2" >segment.next && printf "$4" >>segment.next && mv -f -- segment.next "member/wal/$2" || exit
up "$1" "$6" "$7" --name recovered --force-new-cluster
carried "$5" 1 10 || exit
down
printf '%s\\n' "$now"`;
