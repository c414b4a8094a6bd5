import { type Sh, sh } from '../../../dsl/shell/sh.ts';

/** Read-only shell that puts the places where disks are to be mounted into `$q_points`, as `/proc/self/mounts` writes them. */
export const listedMounts: Sh = sh`q_points=$({
  sed -n 's|^[[:space:]]*[^#[:space:]][^[:space:]]*[[:space:]]\{1,\}\(/[^[:space:]]*\).*|\1|p' /etc/fstab
  sed -n 's|^Where=\(/.*\)|\1|p' /etc/systemd/system/*.mount | sed 's| |\\040|g'
} 2>/dev/null)`;

/**
 * Read-only shell, behind `listedMounts` and `roomLine` of the folder: a part `unmounted PLACE` for each of them that is
 * the folder or above it, where nothing is mounted.
 */
export function unmountedLine(folder: string): Sh {
  return sh`q_real=$(cd -P -- "$q_up" && pwd -P)
printf '%s\n' "$q_points" | while IFS= read -r q_point; do
  q_point=\${q_point%/}
  if [ -z "$q_point" ]; then continue; fi
  q_at=$(printf %b "$q_point")
  case ${`${folder}/`} in "$q_at"/*) ;; *) case $q_real/ in "$q_at"/*) ;; *) continue ;; esac ;; esac
  if ! grep -qF -- " $q_point " /proc/self/mounts; then q_part "unmounted $q_at"; fi
done`;
}
