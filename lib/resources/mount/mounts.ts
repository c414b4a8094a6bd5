import { type Sh, sh } from '../../dsl/shell/sh.ts';

/**
 * Shell function `q_mounted PATH`: prints `mounted POINT` for each file system that is mounted at a path or below it, by
 * what the path leads to. White space in a point is written as the kernel does: `\040`.
 */
export const mounted: Sh = sh`q_mounted() {
  q_real=$(readlink -f -- "$1" 2>/dev/null | sed 's/\\/\\134/g; s/ /\\040/g')
  while read -r q_id q_up q_dev q_root q_at q_rest; do
    case $q_at in "$q_real" | "\${q_real%/}"/*) printf 'mounted %s\n' "$q_at" ;; esac
  done </proc/self/mountinfo
}`;

/** Points that `q_mounted` printed. */
export function mountedIn(out: string): readonly string[] {
  return [...out.matchAll(/^mounted (.+)$/gm)].map(([, point = '']) => point);
}
