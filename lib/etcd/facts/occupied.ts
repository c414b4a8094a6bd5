import { basename, dirname } from 'node:path';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';

/** A directory that is to become the member's whole, and has something of somebody else's in it. */
export interface Occupied {
  readonly dir: string;
  /** One of the names in it; undefined where it is none to be told. */
  readonly entry?: string;
}

/**
 * Read-only shell: `occupied DIR NAME` for each directory that is to become the member's, is neither its user's nor on our
 * records, and has other things in it than a member's. One with `member` in it is data: see `dataFacts`.
 */
export function occupiedFacts(member: Member): Sh {
  const { dataDir, walDir, logFiles, user } = member;
  const logDirs = [...new Set(logFiles.map((path) => dirname(path)))];
  const own: readonly (readonly [dir: string, stems: readonly string[]])[] = [
    [dataDir, []],
    // etcd and our verbs put what takes its place beside it.
    ...(walDir === undefined ? [] : [[dirname(walDir), [basename(walDir)]] as const, [walDir, []] as const]),
    ...logDirs.map((dir) => [dir, logFiles.filter((path) => dirname(path) === dir).map(stem)] as const),
  ];
  return joinSh([OCCUPIED(user), ...own.map(([dir, stems]) => sh`q_occupied ${[dir, ...stems]}`)]);
}

/** Takes apart what `occupiedFacts` printed among other lines. */
export function parseOccupied(out: string): readonly Occupied[] {
  return [...out.matchAll(/^occupied (\S+) ?([A-Za-z0-9._-]*)$/gm)].map(([, dir = '', entry]) => ({
    dir,
    ...(entry && { entry }),
  }));
}

/** A log that was rotated has the date after it. */
function stem(path: string): string {
  return basename(path).replace(/\.[^.]*$/, '');
}

/** `q_occupied DIR STEM…`: names that begin with a stem are the member's. */
const OCCUPIED = (user: string | undefined) => sh`q_occupied() {
  if [ ! -d "$1" ] || [ -d "$1/member" ] || q_has_log "$1"; then return; fi
  q_at=$1
  shift
  for q_file in "$q_at"/* "$q_at"/.*; do
    q_entry=\${q_file##*/}
    # What was set aside on a mount point is root's, and stays closed.
    case $q_entry in . | .. | lost+found | .*.quorate-aside) continue ;; esac
    if [ ! -e "$q_file" ] && [ ! -L "$q_file" ]; then continue; fi
    for q_stem in "$@"; do case $q_entry in "$q_stem"*) continue 2 ;; esac; done
    if grep -qxF -- "$q_at" "$q_state/manifest" 2>/dev/null; then return; fi
    if [ "$(stat -L -c %u -- "$q_at")" = "$(${user === undefined ? sh`id -u` : sh`id -u -- ${user} 2>/dev/null`})" ]; then return; fi
    case $q_entry in *[!A-Za-z0-9._-]*) q_entry= ;; esac
    echo "occupied $q_at $q_entry"
    return
  done
}`;
