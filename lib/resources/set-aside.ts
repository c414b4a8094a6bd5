import { is, must } from '../dsl/options/options.ts';
import { checkedPath } from '../dsl/path.ts';
import { defineResource } from '../dsl/resource.ts';
import { raw, type Sh, sh } from '../dsl/shell/sh.ts';

export interface SetAsideOptions {
  /** What its new name says: `/srv/data.LABEL-20260131T120000Z`; on a mount point `.LABEL-…Z.quorate-aside` in it. */
  readonly label: string;
  /** Its content is deleted instead. */
  readonly purge?: boolean;
  /** It becomes root's and nobody else reads it: who it belonged to may go away, and its number to somebody else. */
  readonly asRoot: boolean;
  /** Service that works in it, and the shell that stops it first, or ends the apply. */
  readonly service: string;
  readonly stop: Sh;
}

interface SetAsideDesired extends SetAsideOptions {
  /** The directory that has to make way. */
  readonly path: string;
}

type Observed = 'absent' | 'there' | 'empty mount' | 'filled mount';

/**
 * A directory that makes way under another name beside it; nothing of it is deleted unless that is asked for. A mount
 * point stays: its content moves to a folder in it, on the same file system.
 *
 * @example
 * setAside('/var/lib/app', { label: 'app.set-aside', asRoot: true, service: 'app', stop: sh`systemctl stop app` })
 */
export const setAside = defineResource<SetAsideOptions, SetAsideDesired, Observed>({
  kind: 'set-aside',
  options: {
    label: must(is.text),
    purge: is.boolean,
    asRoot: must(is.boolean),
    service: must(is.text),
    stop: must(is.sh),
  },
  name: ({ path }) => path,
  title: ({ path }) => `${path} is set aside`,
  complete: (path, options) => ({ ...options, path: checkedPath(path) }),
  probe: (desired) => sh`${contentOf(desired)}
if q_on_mount; then
  if q_each false; then echo 'empty mount'; else echo 'filled mount'; fi
elif [ -e ${desired.path} ] || [ -L ${desired.path} ]; then echo there
else echo absent; fi`,
  parse: ({ out }) => out.trim() as Observed,
  diff({ path }, observed) {
    if (observed === 'absent' || observed === 'empty mount') return [];
    const property = observed === 'there' ? 'path' : 'content';
    return [{ kind: 'remove', property, before: path, after: null }];
  },
  foresee({ path, service }, observed, changes, world) {
    if (changes.length === 0) return;
    if (observed === 'there') world.path(path).willBeAbsent();
    world.unit(service).willBe({ state: 'stopped' });
  },
  apply: (desired) => sh`${desired.stop}
${contentOf(desired)}
q_aside=${desired.label}-$(date -u +%Y%m%dT%H%M%SZ)
if q_on_mount; then
  q_aside=$q_root/.$q_aside${ASIDE}
  ${desired.asRoot ? sh`chown root:root -- "$q_root" && chmod 0700 "$q_root" || exit` : sh`:`}
  ${desired.purge ? sh`q_each rm -rf -- || exit` : INTO_FOLDER}
else
  q_aside=${desired.path}.$q_aside
  ${desired.purge ? sh`rm -rf -- ${desired.path} || exit` : sh`q_rename ${desired.path} "$q_aside" || exit`}
fi
${desired.purge ? sh`:` : sh`echo "moved to $q_aside"`}
${desired.asRoot ? forRootAlone(desired) : sh`:`}`,
});

/** Ends the names of the folders on mount points that have what was set aside there. */
const ASIDE = '.quorate-aside';

/**
 * `q_on_mount`, which sets `$q_root` to the mount point, and `q_each COMMAND…`, which ends at the first failure: for what
 * lies in that, but for what was set aside in it before. Never by lines: a name may have any number of them. A link
 * leads to a mount point only where it is root's or ours: who owns the folder that it is in may put any there. `q_rename`
 * never moves into what has the new name.
 */
function contentOf({ path }: SetAsideDesired): Sh {
  return sh`q_on_mount() {
  q_root=${path}
  if [ -L "$q_root" ]; then case $(stat -c %u -- "$q_root") in 0 | "$(id -u)") ;; *) return 1 ;; esac; fi
  q_real=$(cd "$q_root" 2>/dev/null && pwd -P) || return
  if [ -L "$q_root" ]; then q_root=$q_real; fi
  while read -r q_n q_n q_n q_n q_at q_n; do
    if [ "$q_at" = "$q_real" ]; then return 0; fi
  done </proc/self/mountinfo
  return 1
}
q_each() {
  for q_path in "$q_root"/* "$q_root"/.[!.]* "$q_root"/..?*; do
    case \${q_path##*/} in lost+found | .*${raw(ASIDE)}) continue ;; esac
    if [ -e "$q_path" ] || [ -L "$q_path" ]; then "$@" "$q_path" || return; fi
  done
}
q_rename() {
  if [ -e "$2" ] || [ -L "$2" ]; then echo "$2 is there already: run again"; return 1; fi
  # An old busybox has no -T.
  if mv --help 2>&1 | grep -q -e ' -T' -e '\[-[A-Za-z]*T[A-Za-z]*\]'; then mv -T -- "$1" "$2"; else mv -- "$1" "$2"; fi
}`;
}

const INTO_FOLDER = sh`mkdir -m 0700 -- "$q_aside" || exit
  q_into() { mv -- "$1" "$q_aside/"; }
  q_each q_into || exit
  chmod 0700 "$q_root"`;

/** Links are not followed: who owned the directory may have put any there. */
function forRootAlone({ path }: SetAsideDesired): Sh {
  return sh`for q_path in "$q_aside" ${path}; do
  if [ -d "$q_path" ] && [ ! -L "$q_path" ]; then chown -hRP root:root -- "$q_path" && q_mode "$q_path" 0700 '' '' || exit; fi
done`;
}
