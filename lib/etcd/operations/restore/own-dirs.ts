import { dirname } from 'node:path';
import { joinSh, type Sh, sh } from '../../../dsl/shell/sh.ts';
import type { Member } from '../../model/cluster.ts';
import { OWN_DIR } from '../../own-dir.ts';

/**
 * Shell, after `etcdctlFunction`, that makes the folders which restored data comes into where a disk was lost with them,
 * and hands the member's user those of a new disk: root's, with nothing of a member's in them. Others stay as they are.
 */
export function ownDirs({ dataDir, walDir }: Member): Sh {
  return joinSh([
    OWN_DIR,
    sh`q_own_dir ${dataDir} 0700 || exit`,
    ...(walDir === undefined ? [] : [sh`q_own_dir ${dirname(walDir)} 0755 || exit`]),
  ]);
}
