import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';
import { OWN_DIR } from '../own-dir.ts';

/** Shell words: all that lies in `etcd_backup_dir` under passing names of this member. */
export function passing({ backupDir, name }: Pick<Member, 'backupDir' | 'name'>): Sh {
  return sh`${`${backupDir}/.${name}.`}*.next*`;
}

/**
 * Shell, after `etcdctlFunction`, that sets `$q_dir` to `etcd_backup_dir`, `$q_kib` to what is free there and `$q_next` to a
 * passing name, which tells of this process. Makes the folder, by the member's user where that may; ends where somebody
 * else owns it, and it is not an empty one of root's. What killed runs have left there under passing names goes, as that user.
 */
export function ownFolder({ backupDir, name }: Member): Sh {
  return sh`${OWN_DIR}
q_dir=${backupDir} q_next=.${name}.$$-$(q_born $$).next
q_uid_of=$(id -u -- "\${q_user:-$(id -un)}") || exit
if [ ! -d "$q_dir" ] && ! $q_become sh -c 'umask 077; mkdir -p -- "$1"' q_own "$q_dir" 2>/dev/null; then
  mkdir -p -- "\${q_dir%/*}/" && mkdir -m 0700 -- "$q_dir" && chown "$q_uid_of:$(id -g -- "$q_user")" "$q_dir" || exit
fi
q_own_dir "$q_dir" 0700 || exit
if [ "$(stat -L -c %u -- "$q_dir")" != "$q_uid_of" ]; then
  echo "$q_dir is $(stat -L -c %U -- "$q_dir")'s, wanted \${q_user:-our own}: etcd_backup_dir is a folder of its own"; exit 1
fi
umask 077
$q_become chmod 0700 -- "$q_dir" || exit
for q_old in ${passing({ backupDir, name })}; do
  q_old=\${q_old##*/} q_id=\${q_old#.${name}.} q_id=\${q_id%%.*}
  q_lives "\${q_id%-*}" "\${q_id#*-}" || $q_become sh -c 'cd -- "$1" && rm -rf -- "$2"' q_own "$q_dir" "$q_old"
done
q_df "$q_dir"`;
}
