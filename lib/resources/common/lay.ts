import { type Sh, sh } from '../../dsl/shell/sh.ts';

/**
 * Shell function `q_lay FROM TO`: moves what is in one folder into another. Where TO has a link to a folder, a folder comes
 * into what that leads to; with a third word only such folders are moved.
 */
export const laid: Sh = sh`# A file replaces a link that is there: what the link leads to is another's.
q_over=; case $(cp --help 2>&1) in *--remove-destination*) q_over=--remove-destination ;; esac
q_lay() {
  for q_path in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    q_at=$2/\${q_path##*/}
    if [ ! -d "$q_path" ] || [ -L "$q_path" ] || [ ! -d "$q_at" ]; then :
    elif [ ! -L "$q_at" ]; then (q_lay "$q_path" "$q_at" links) || return
    elif ! q_way "$q_at" || q_astray; then echo "$q_at is a link of a user's to what is not that user's: it is not followed"; return 1
    else (q_lay "$q_path" "$q_at") && rm -rf -- "$q_path" || return
    fi
    if [ -z "\${3-}" ] && { [ -e "$q_path" ] || [ -L "$q_path" ]; }; then cp -a -f $q_over -- "$q_path" "$2/" || return; fi
  done
}`;
