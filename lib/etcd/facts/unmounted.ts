import { type Sh, sh } from '../../dsl/shell/sh.ts';

/**
 * Read-only shell that defines `q_unmounted PATH`: prints each place, the path or one above it, where by `/etc/fstab` or a
 * unit of an administrator a disk is to be mounted, and nothing is. The path need not exist yet.
 */
export const UNMOUNTED: Sh = sh`q_points=$({
  sed -n 's|^[[:space:]]*[^#[:space:]][^[:space:]]*[[:space:]]\{1,\}\(/[^[:space:]]*\).*|\1|p' /etc/fstab
  sed -n 's|^Where=\(/.*\)|\1|p' /etc/systemd/system/*.mount | sed 's| |\\040|g'
} 2>/dev/null)
q_unmounted() {
  case $1 in /*) ;; *) return ;; esac
  q_up=$1
  while [ ! -d "$q_up" ]; do q_up=\${q_up%/*} q_up=\${q_up:-/}; done
  q_real=$(cd -P -- "$q_up" && pwd -P)
  # As the kernel writes them, too; it has those behind a link by their own path.
  printf '%s\n' "$q_points" | while IFS= read -r q_point; do
    q_point=\${q_point%/}
    if [ -z "$q_point" ]; then continue; fi
    q_at=$(printf %b "$q_point")
    case $1/ in "$q_at"/*) ;; *) case $q_real/ in "$q_at"/*) ;; *) continue ;; esac ;; esac
    if grep -qF -- " $q_point " /proc/self/mounts; then continue; fi
    q_own=$(cd -P -- "$q_at" 2>/dev/null && pwd -P | sed 's| |\\040|g')
    if [ -z "$q_own" ] || ! grep -qF -- " $q_own " /proc/self/mounts; then printf '%s\n' "$q_at"; fi
  done
}`;

/** What is said of such a place. */
export function notMounted(place: string): string {
  return `${place} is for a disk, by /etc/fstab or a unit of systemd, and nothing is mounted there`;
}
