import { type Sh, sh } from '../../lib/dsl/shell/sh.ts';

export interface SiteBackup {
  /** The folder that holds the one to back up, and the name of that one. */
  readonly parent: string;
  readonly name: string;
  /** Where archives come to lie: `site-20260127T030000Z.tgz`. */
  readonly to: string;
  /** How many stay. */
  readonly keep: number;
}

/**
 * Shell that archives a folder, then removes the oldest archives. It ends at the first step that fails: an archive
 * that is not whole gets no name, and takes the place of no good one.
 */
export function backup({ parent, name, to, keep }: SiteBackup): Sh {
  return sh`set -e
cd ${to}
# 1: a file was written to meanwhile, which is not worth going without a backup.
tar -czf .new -C ${parent} ${name} || [ $? -eq 1 ]
mv .new ${name}-"$(date -u +%Y%m%dT%H%M%SZ).tgz"
ls -1r ${name}-*.tgz | tail -n +${keep + 1} | xargs -r rm --`;
}
