import { type Sh, sh } from '../dsl/shell/sh.ts';

/**
 * Shell, after `etcdctlFunction`, that defines `q_own_dir DIR MODE`: makes the folder, by the member's user where that may,
 * and hands that user one of a new disk, or of a run that was killed before it could: root's, with nothing of a member's in
 * it. Others stay as they are.
 *
 * From within the folder, and by no link: whoever may change the way to it cannot have another one handed over.
 */
export const OWN_DIR: Sh = sh`q_own_dir() {
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
