import { type Sh, sh } from '../../dsl/shell/sh.ts';

/**
 * Shell function `q_lay FROM TO`: what is in one folder comes into another; a folder into what a link there leads to, if
 * that is one. With a third word such folders alone.
 */
export const laid: Sh = sh`# A link that is there makes way for a file: what it leads to is another's.
q_over=; case $(cp --help 2>&1) in *--remove-destination*) q_over=--remove-destination ;; esac
q_theirs() { [ -L "$1" ] && [ -O / ] && q_led=$(stat -c %u -- "$1") && [ "$q_led" != 0 ] && [ "$(stat -L -c %u -- "$1")" != "$q_led" ]; }
q_lay() {
  for q_path in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    q_at=$2/\${q_path##*/}
    if [ ! -d "$q_path" ] || [ -L "$q_path" ] || [ ! -d "$q_at" ]; then :
    elif q_theirs "$q_at"; then echo "$q_at is a link of a user's to what is not that user's: it is not followed"; return 1
    elif [ -L "$q_at" ]; then (q_lay "$q_path" "$q_at") && rm -rf -- "$q_path" || return
    else (q_lay "$q_path" "$q_at" links) || return
    fi
    if [ -z "\${3-}" ] && { [ -e "$q_path" ] || [ -L "$q_path" ]; }; then cp -a -f $q_over -- "$q_path" "$2/" || return; fi
  done
}`;
