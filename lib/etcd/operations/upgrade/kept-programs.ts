import { type Sh, sh } from '../../../dsl/shell/sh.ts';
import type { Member } from '../../model/cluster.ts';
import { releaseRecord } from '../../model/paths.ts';

/** Shell: which release is kept, `3.5.30 …`; nothing without one. */
export function keptRecord(member: Member): Sh {
  return sh`if [ -f ${`${keptDir(member)}/release`} ]; then head -n 1 ${`${keptDir(member)}/release`}; fi`;
}

/**
 * Shell that keeps them. Links cost nothing; across file systems it is a copy. What a killed turn has kept stays, unless
 * another one runs.
 */
export function keepPrograms(member: Member, running = ''): Sh {
  const dir = keptDir(member);
  const next = `${dir}.next`;
  return sh`q_kept= q_running=${running}
if [ -f ${`${dir}/release`} ]; then read -r q_kept q_rest <${`${dir}/release`}; fi
if [ -d ${dir} ] && [ "$q_kept" = "\${q_running:-$q_kept}" ]; then exit 0; fi
rm -rf ${dir} ${next} && mkdir -p ${next} || exit
for q_name in etcd etcdctl etcdutl; do
  if [ -f ${member.binDir}/"$q_name" ]; then
    ln ${member.binDir}/"$q_name" ${next}/"$q_name" 2>/dev/null || cp -p ${member.binDir}/"$q_name" ${next}/"$q_name" || exit
  fi
done
if [ -f ${releaseRecord(member)} ]; then cp -p ${releaseRecord(member)} ${next}/release || exit; fi
mv ${next} ${dir}`;
}

/** Shell that puts them back, each by a rename: a program is the old one or the new one. */
export function restorePrograms(member: Member): Sh {
  const dir = keptDir(member);
  return sh`for q_name in etcd etcdctl etcdutl; do
  q_new=${member.binDir}/."$q_name".quorate-new
  if [ -f ${dir}/"$q_name" ]; then cp -p ${dir}/"$q_name" "$q_new" && mv -f "$q_new" ${member.binDir}/"$q_name" || exit
  else rm -f ${member.binDir}/"$q_name"; fi
done
if [ -f ${`${dir}/release`} ]; then
  cp -p ${`${dir}/release`} ${`${releaseRecord(member)}.next`} && mv -f ${`${releaseRecord(member)}.next`} ${releaseRecord(member)} || exit
fi`;
}

/** Shell that takes them away. */
export function dropPrograms(member: Member): Sh {
  return sh`rm -rf ${keptDir(member)}`;
}

/** Where a host keeps the programs of before, for the time of a turn. */
function keptDir({ stateDir }: Member): string {
  return `${stateDir}/before`;
}
