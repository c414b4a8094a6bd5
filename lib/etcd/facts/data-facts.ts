import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';
import { confFile, walPath } from '../model/paths.ts';

/**
 * Read-only shell: `data present` and `data-owner`, `data empty`, or `data-instead WHAT` where something else is;
 * `wal-elsewhere DIR` where the raft log is not where it is wanted. A raft log is data, too, wherever it lies: without it a member would begin under its old ID with an
 * empty one.
 */
export function dataFacts(member: Member): Sh {
  const { dataDir } = member;
  return sh`q_has_log() { for q_file in "$1"/*.wal; do if [ -e "$q_file" ]; then return; fi; done; return 1; }
if [ -d ${`${dataDir}/member`} ]; then echo 'data present'; stat -c 'data-owner %U' ${`${dataDir}/member`}
elif q_has_log ${walPath(member)}; then echo 'data present'; stat -c 'data-owner %U' ${walPath(member)}
elif [ -d ${dataDir} ]; then echo 'data empty'
elif [ -e ${dataDir} ]; then echo 'data-instead a file'
elif [ -L ${dataDir} ]; then echo "data-instead a link to $(readlink ${dataDir}), where nothing is"; fi
if ! q_has_log ${walPath(member)}; then
  q_set=
  if [ -f ${confFile(member)} ]; then
    while IFS= read -r q_line; do case $q_line in ETCD_WAL_DIR=*) q_set=\${q_line#*=\"} q_set=\${q_set%\"} ;; esac; done <${confFile(member)}
  fi
  for q_dir in "$q_set" ${`${dataDir}/member/wal`}; do
    if [ -n "$q_dir" ] && q_has_log "$q_dir"; then echo "wal-elsewhere $q_dir"; break; fi
  done
fi`;
}
