import { dirname } from 'node:path';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';

/** A unit of ours that has what a member under another name wants. */
export interface OtherUnit {
  readonly service: string;
  /** As its record says it: `cluster NAME`. */
  readonly owner: string;
}

/**
 * Read-only shell: `other-unit NAME OWNER` where the member has no records under its name, and those of another unit are of
 * its cluster, or have its data directory.
 */
export function otherUnitFacts({ manager, cluster, stateDir, dataDir }: Member): Sh {
  if (manager === 'process') return sh`:`;
  return sh`if [ ! -f ${`${stateDir}/owner`} ]; then
  for q_file in ${dirname(stateDir)}/*/owner; do
    if [ -f "$q_file" ] && read -r q_line <"$q_file"; then
      q_file=\${q_file%/owner}
      if [ "$q_line" = ${`cluster ${cluster}`} ] || grep -qxF -- ${dataDir} "$q_file/manifest" 2>/dev/null; then
        echo "other-unit \${q_file##*/} $q_line"
      fi
    fi
  done
fi`;
}

/** Takes apart what `otherUnitFacts` printed among other lines. */
export function parseOtherUnits(out: string): readonly OtherUnit[] {
  const lines = out.matchAll(/^other-unit ([A-Za-z0-9@._-]+) (cluster [A-Za-z0-9._-]+)$/gm);
  return [...lines].map(([, service = '', owner = '']) => ({ service, owner }));
}
