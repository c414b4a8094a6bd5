import { joinSh, raw, type Sh, sh } from '../../dsl/shell/sh.ts';
import { etcdctlFunction } from '../facts/etcdctl/etcdctl.ts';
import { READERS } from '../facts/etcdctl/shell.ts';
import type { Member } from '../model/cluster.ts';
import { ownFolder } from './own-folder.ts';
import { SPARE_KIB } from './room.ts';

interface TakeOptions {
  /** Where the member does not lead, end well without one. */
  readonly leaderOnly?: boolean;
  /** The verb that takes it before its first step; noted with it. */
  readonly before?: string | undefined;
}

/**
 * Shell that takes a snapshot of the host's own member into `etcd_backup_dir`, verifies it, and prints
 * `snapshot FILE` and what lies beside it, one line. Ends with 3 where there is no room for it.
 *
 * All of it is the member's user's, 0600 in a folder of its own, and nothing is done there as root: who owns a folder may
 * put links in it. A file has its name, and then its JSON beside it, only once it is verified.
 *
 * @param run Whose snapshot it is; noted with it.
 * @param seconds For the transfer from the member.
 */
export function takeSnapshot(
  member: Member,
  run: string,
  seconds: number,
  { leaderOnly = false, before }: TakeOptions = {},
): Sh {
  const { cluster, name, dataDir } = member;
  return joinSh([
    etcdctlFunction(member),
    raw(READERS),
    sh`${REACH}
${leaderOnly ? LEADS : sh`:`}
${ownFolder(member)}
q_need=$((q_size / 1024 + ${SPARE_KIB}))
if [ "$(stat -L -c %d -- "$q_dir")" = "$(stat -L -c %d -- ${dataDir} 2>/dev/null)" ]; then q_need=$((q_need + q_size / 1024)); fi
if [ "$q_kib" -lt "$q_need" ]; then
  echo "$q_dir has $q_kib KiB free, wanted $q_need: the snapshot, and as much again for etcd on the same disk"; exit 3
fi
q_as_owner() { $q_become sh -c "$1" q_own "$q_dir" "$q_next" "$q_files"; }
q_time=$(date -u +%Y-%m-%dT%H:%M:%SZ)
q_etcdctl --command-timeout=${seconds}s snapshot save "$q_dir/$q_next" || exit
q_tool=\${q_program%/*}/etcdutl
if [ ! -x "$q_tool" ]; then q_tool=$q_program; fi
q_files=; q_sums=$(q_as_owner ${VERIFY}) || { printf '%s\n' "$q_sums"; q_as_owner ${CLEAR}; exit 1; }
q_utl() { $q_become env -i PATH="$PATH" $q_api "$q_tool" "$@"; }
q_told=$(q_utl -w json snapshot status "$q_dir/$q_next") || { printf '%s\n' "$q_told"; q_as_owner ${CLEAR}; exit 1; }
if ! q_content "$q_told"; then
  case $q_tool in */etcdctl) echo "$q_tool does not tell what is in a snapshot: etcdutl is missing" ;; *) q_unknown 'snapshot status' q_utl ;; esac
  q_as_owner ${CLEAR}; exit 1
fi
q_name=${cluster}-$(printf '%s' "$q_time" | tr -d ':-')-r$q_revision
q_json=$(printf '{"time":"%s","member":"%s","cluster":"%s","clusterId":"%s","revision":%s,"keys":%s,"size":%s,"hash":%s,"sha256":"%s","version":"%s","run":"%s"%s}' \
  "$q_time" ${name} ${cluster} "$q_cluster" "$q_revision" "$q_keys" "\${q_sums%% *}" "$q_hash" "\${q_sums##* }" "$q_etcd" ${run} ${before === undefined ? '' : `,"before":"${before}"`})
q_files="$q_name"; printf '%s\n' "$q_json" | q_as_owner ${NAME} || exit
printf 'snapshot %s %s\n' "$q_name.db" "$q_json"`,
  ]);
}

/** Sets what the member says of itself: see `q_status`. */
const REACH = sh`if [ -z "$q_trusts" ]; then echo "cannot become $q_user: neither setpriv, chroot nor runuser does it"; exit 1; fi
q_reach </dev/null >/dev/null 2>&1
q_now=$(q_etcdctl -w json endpoint status) || exit
q_status "$q_now" || { q_unknown 'endpoint status' q_etcdctl; exit 1; }`;

/** One member does it, whoever that is then. */
const LEADS = sh`case $q_leader in
  0) echo 'no leader: no snapshot is taken'; exit 1 ;;
  "$q_self") ;;
  *) echo 'another member leads, and takes it'; exit 0 ;;
esac`;

/** What runs as the member's user: `$1` the folder, `$2` the passing name, `$3` what the step wants. */
const CLEAR = 'cd -- "$1" && rm -f -- "$2" "$2.part" "$2.json"';

/** Prints the bytes of data, and the digest of the file. */
const VERIFY = `cd -- "$1" || exit
chmod 0600 -- "$2" || exit
all=$(stat -c %s -- "$2") || exit
if [ "$((all % 512))" != 32 ]; then echo "the snapshot has $all bytes: no digest at its end"; exit 1; fi
data=$((all - 32))
end=$(tail -c 32 -- "$2" | od -An -v -tx1 | tr -d ' \\n')
sum=$(head -c "$data" -- "$2" | sha256sum)
if [ "$end" != "\${sum%% *}" ]; then echo "the snapshot has SHA-256 \${sum%% *}, and $end at its end"; exit 1; fi
sum=$(sha256sum <"$2") || exit
printf '%s %s' "$data" "\${sum%% *}"`;

/** `$3` is the name; standard input its description, whose presence means that the file is whole and verified. */
const NAME = `cd -- "$1" && cat >"$2.json" && mv -f -- "$2" "$3.db" && mv -f -- "$2.json" "$3.json"`;
