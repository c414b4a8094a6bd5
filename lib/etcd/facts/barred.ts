import { dirname } from 'node:path';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';

/** A folder on the way to what a member needs that its user may not enter. */
export interface Barred {
  readonly path: string;
  readonly owner: string;
  /** Octal, three digits and more. */
  readonly mode: string;
}

/**
 * Read-only shell: `barred MODE OWNER PATH` for each folder above those of a member that the user etcd runs as may not come
 * through, by owner, group and mode; where that user is there already, access lists and its other groups count, too.
 */
export function barredFacts(member: Member): Sh {
  const { user, group, dataDir, walDir, binDir, configDir, certDir } = member;
  if (user === undefined || group === undefined || user === 'root') return sh`:`;
  const wal = walDir === undefined ? [] : [dirname(walDir)];
  return sh`for q_path in ${[dataDir, binDir, certDir, ...wal]}; do
  while q_path=\${q_path%/*} && [ -n "$q_path" ]; do
    if [ ! -d "$q_path" ]; then continue; fi
    # Roles see to these themselves.
    case $q_path in ${dataDir} | ${binDir} | ${configDir} | ${certDir}) continue ;; esac
    q_line=$(stat -L -c '%a %U %G' -- "$q_path") || continue
    q_mode=\${q_line%% *}
    # The bit that lets it in: its own, that of its group, or that of others.
    case $q_line in *' '${user}' '*) q_bit=64 ;; *' '${group}) q_bit=8 ;; *) q_bit=1 ;; esac
    if [ $((0$q_mode & q_bit)) != 0 ]; then continue; fi
    if id -u -- ${user} >/dev/null 2>&1 && runuser -u ${user} -- test -x "$q_path" 2>/dev/null; then continue; fi
    q_line=\${q_line#* }
    echo "barred $q_mode \${q_line%% *} $q_path"
  done
done`;
}

/** Takes apart what `barredFacts` printed among other lines. */
export function parseBarred(out: string): readonly Barred[] {
  const found = [...out.matchAll(/^barred ([0-7]+) (\S+) (\/.*)$/gm)].map(
    ([, mode = '', owner = '', path = '']) => ({ path, owner, mode }),
  );
  return [...new Map(found.map((one) => [one.path, one])).values()];
}
