import { joinSh, raw, type Sh, sh } from '../../../../dsl/shell/sh.ts';
import { DIGEST, SAY } from '../../../facts/etcdctl/asked.ts';
import { etcdctlFunction } from '../../../facts/etcdctl/etcdctl.ts';
import type { Member } from '../../../model/cluster.ts';
import { ownFolder } from '../../../snapshots/own-folder.ts';
import { LOG_KIB, SPARE_KIB } from '../../../snapshots/room.ts';
import type { Snapshot } from '../../../snapshots/snapshot.ts';
import { THROWAWAY } from '../../../throwaway.ts';
import { toolsOf } from '../../restore/shell.ts';

/** Exit code where the snapshot is not a whole one, or does not restore. */
export const BROKEN = 7;

/** Count all keys: etcdctl has `--count-only` from 3.5 on, and not as JSON. */
const COUNT = "get '' --prefix --keys-only --limit=1";

/** For an answer that all keys are read for: 10 s, and 1 s for each 20 MiB of data. A hash takes seconds a gigabyte, from a cold disk minutes. */
export function answerSeconds({ size }: Pick<Snapshot, 'size'>): number {
  return Math.ceil(10 + size / 2 ** 20 / 20);
}

/** How many keys are read with their values. */
const READ = 100;

/** Where a copy lies on a host until it is tried: among our records, where nobody else writes. */
export function triedFile({ stateDir }: Member): string {
  return `${stateDir}/drill.db`;
}

/** Shell, under the lock: takes away the copy of a drill that was killed with its trap. */
export function clearTried(member: Member): Sh {
  const file = triedFile(member);
  return sh`rm -f -- ${file} ${file.replace(/[^/]*$/, '.$&.quorate-part')}`;
}

/**
 * Shell that restores a snapshot into a folder of its own in `etcd_backup_dir`, as the member's user, starts an etcd on
 * it that nobody reaches, and asks that. The folder and the etcd go with the script, however it ends. Prints
 * `seconds SECONDS`, from the beginning until it answered; as `say` does `told` (of the file), `status`, `hashkv` and `count`;
 * and `read DIGEST`. Ends with 3 where there is no room, with `BROKEN` where it does not restore.
 *
 * @param file On the host; a copy that was sent is taken away afterwards.
 */
export function drillShell(member: Member, file: string, snapshot: Snapshot): Sh {
  const words = [snapshot.sha256, String(snapshot.revision), `${answerSeconds(snapshot)}s`];
  const sent = file === triedFile(member);
  return joinSh([
    toolsOf(member),
    sh`q_file=${file}
${sent ? sh`trap 'rm -f -- "$q_file"' EXIT; trap 'exit 143' TERM INT HUP PIPE` : sh`:`}
if [ ! -f "$q_file" ]; then echo "$q_file is not there any more"; exit 1; fi
${ownFolder(member)}
q_size=$(($(stat -c %s -- "$q_file") / 1024))
q_need=$((q_size + ${SPARE_KIB + LOG_KIB}))
if [ "$(stat -L -c %d -- "$q_dir")" = "$(stat -L -c %d -- ${member.dataDir} 2>/dev/null)" ]; then q_need=$((q_need + q_size)); fi
if [ "$q_kib" -lt "$q_need" ]; then
  echo "$q_dir has $q_kib KiB free, wanted $q_need: the restored data, and its raft log"; exit 3
fi
${sent ? sh`if [ -n "$q_become" ]; then chown -h -- "$q_user" "$q_file" || exit; fi` : sh`:`}
$q_become sh -c ${DRILL} q_own "$q_dir/$q_next" "$q_file" "$q_tool" "$q_exec" "$q_program" ${words} "$q_ca" "$q_cert" "$q_private"
# The shell stays for its trap.
exit "$?"`,
  ]);
}

/**
 * `$1` the folder to make, `$2` the snapshot, `$3` the tool that restores, `$4` etcd, `$5` etcdctl, `$6` the digest that the
 * file is to have; `$7` its revision: what leases let go of since the start is not part of it. Whoever reads what it prints
 * may be gone before it. `$8` is how long an answer may take that all keys are read for; then CA,
 * certificate and key of the member.
 */
const DRILL = `${THROWAWAY}
${SAY}
${DIGEST}
umask 077
# The member comes first, for memory, processors and disks alike.
{ echo 1000 >/proc/$$/oom_score_adj; renice -n 10 -p $$; ionice -c 3 -p $$; } >/dev/null 2>&1 || :
folder=$1 file=$2 tool=$3 program=$4 ctl=$5 wanted=$6 rev=--rev=$7 within=--command-timeout=$8 ca=$9 cert=\${10} key=\${11} pid=
mkdir -- "$folder" || exit 1
gone() {
  if [ -n "$pid" ]; then { kill -9 "$pid"; wait "$pid"; } 2>/dev/null; fi
  cd / && rm -rf -- "$folder"
}
trap gone EXIT
trap 'exit 143' TERM INT HUP PIPE
sum=$(sha256sum <"$file") || exit 1
if [ "\${sum%% *}" != "$wanted" ]; then echo "it has SHA-256 \${sum%% *}, wanted $wanted"; exit ${BROKEN}; fi
up_at() { IFS=' .' read -r s c rest </proc/uptime; echo "$s$c"; }
case $tool in */etcdctl) api=ETCDCTL_API=3 ;; *) api= ;; esac
began=$(up_at)
env -i PATH="$PATH" $api "$tool" snapshot restore "$file" --data-dir "$folder/data" --name drill \\
  --initial-cluster drill=http://localhost:2380 --initial-advertise-peer-urls http://localhost:2380 >"$folder/log" 2>&1 ||
  { tail -n 3 "$folder/log"; exit ${BROKEN}; }
up "$folder/data" "$program" "$ctl" --name drill
trap gone EXIT
came_up() { carried 0 0 0 || { if [ "$?" = 2 ]; then exit 1; else exit ${BROKEN}; fi; }; }
came_up
# Before late patches of each minor its status was for everybody.
if ! ask get quorate/none --keys-only >/dev/null && q_denied said && let_in; then came_up; fi
hundredths=$(($(up_at) - began))
if [ "\${#hundredths}" -lt 3 ]; then hundredths=00$hundredths; fi
printf 'seconds %s.%s\\n' "\${hundredths%??}" "\${hundredths#"\${hundredths%??}"}"
say status printf %s "$now"
say hashkv ask "$within" -w json endpoint hashkv "$rev"
say count ask "$within" -w json ${COUNT} "$rev"
digest read ask get '' --prefix --limit=${READ} "$rev"
case $tool in */etcdctl) api=ETCDCTL_API=3 ;; *) api= ;; esac
say told env -i PATH="$PATH" $api "$tool" -w json snapshot status "$file"`;

/** Read-only shell: what the host's member has today, and what it has at this revision, where that is not compacted. */
export function liveShell(member: Member, snapshot: Pick<Snapshot, 'revision' | 'size'>): Sh {
  const at = [`--rev=${snapshot.revision}`];
  const within = [`--command-timeout=${answerSeconds(snapshot)}s`];
  return joinSh([
    etcdctlFunction(member),
    raw(SAY),
    raw(DIGEST),
    sh`if [ -n "$q_trusts" ]; then
q_reach </dev/null >/dev/null 2>&1
say status q_etcdctl -w json endpoint status
say hashkv q_etcdctl ${within} -w json endpoint hashkv ${at}
say count q_etcdctl ${within} -w json ${raw(COUNT)} --consistency=s ${at}
digest read q_etcdctl get '' --prefix --limit=${READ} --consistency=s ${at}
fi
:`,
  ]);
}
