import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { compareVersions } from '../model/versions.ts';

/** How often a file that is written to meanwhile is read until it tells: each commit moves what is looked for. */
const TRIES = 8;

/**
 * Read-only shell: the versions that stand in the back end of a member, as lines `cluster-version 3.6.0` and
 * `storage-version 3.6.0` (from 3.6 on). They lie in the root page of the file (bbolt: two meta pages, the one with the
 * higher transaction names the root), where small buckets are kept whole; older versions lie in other pages, and count
 * for nothing. Works on the file of a member that runs, too.
 */
export function dataVersions(db: string): Sh {
  return sh`if [ -r ${db} ]; then
  q_numbers() { od -An -v -t "u$1" -j "$2" -N "$3" <${db} 2>/dev/null | tr -s ' \n' ' '; }
  q_page=$(q_numbers 4 24 4); q_page=\${q_page# } q_page=\${q_page% }
  q_told= q_try=0
  case $q_page in '' | *[!0-9]*) q_try=${TRIES} ;; esac
  while [ -z "$q_told" ] && [ "$q_try" -lt ${TRIES} ]; do
    q_try=$((q_try + 1))
    set -- $(q_numbers 8 32 40) $(q_numbers 8 "$((q_page + 32))" 40)
    [ $# = 10 ] || continue
    q_root=$1; if [ "\${10}" -gt "$5" ]; then q_root=$6; fi
    q_more=$(q_numbers 4 "$((q_root * q_page + 12))" 4); q_more=\${q_more# } q_more=\${q_more% }
    case $q_more in '' | *[!0-9]* | ????*) continue ;; esac
    q_told=$(dd if=${db} bs="$q_page" skip="$q_root" count="$((q_more + 1))" 2>/dev/null |
      grep -aoE '(cluster|storage)Version[0-9]+\.[0-9]+\.[0-9]+' | sed 's/Version/-version /' | sort -u)
  done
  printf '%s\n' "$q_told"
fi`;
}

/** The newest of them, as in 3.6.0; undefined where the file does not tell. */
export function newestVersion(out: string): string | undefined {
  const told = [...out.matchAll(/^(?:cluster|storage)-version (\d+\.\d+\.\d+)$/gm)].flatMap(
    ([, one]) => one ?? [],
  );
  return told.sort(compareVersions).at(-1);
}
