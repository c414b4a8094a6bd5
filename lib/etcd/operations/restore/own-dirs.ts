import { dirname } from 'node:path';
import { joinSh, type Sh, sh } from '../../../dsl/shell/sh.ts';
import type { Member } from '../../model/cluster.ts';

/**
 * Shell, behind `etcdctlFunction`, that makes the folders which restored data comes into where a disk was lost with them,
 * and hands the member's user those of a new disk: root's, with nothing of a member's in them. Others stay as they are.
 */
export function ownDirs({ dataDir, walDir }: Member): Sh {
  return joinSh([
    OWN,
    sh`q_own_dir ${dataDir} 0700 || exit`,
    ...(walDir === undefined ? [] : [sh`q_own_dir ${dirname(walDir)} 0755 || exit`]),
  ]);
}

/** From within the folder, and by no link: whoever may change the way to it cannot have another one handed over. */
const OWN = sh`q_own_dir() {
  $q_become mkdir -p -m "$2" -- "$1" 2>/dev/null || mkdir -p -m "$2" -- "$1" || return
  if [ -z "$q_become" ]; then return; fi
  (
    cd -P -- "$1" || exit
    if [ "$(pwd -P)" != "$1" ] || [ "$(stat -c %u .)" != 0 ]; then exit 0; fi
    for q_file in * .*; do
      case $q_file in . | .. | lost+found | .*.quorate-aside) continue ;; esac
      if [ -e "$q_file" ] || [ -L "$q_file" ]; then exit 0; fi
    done
    chown "$(id -u -- "$q_user"):$(id -g -- "$q_user")" . && chmod "$2" .
  )
}`;
