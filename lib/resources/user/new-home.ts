import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { UNKNOWN, type World } from '../../dsl/world/world.ts';
import { named, namesIn } from '../common/names.ts';

/** The home that a new user gets. */
export interface NewHome {
  readonly path: string;
  /** What is put into it from the skeleton of the host. */
  readonly names: readonly string[];
}

/** Read-only shell that prints which home a user would get who is made now; nothing where something is there already. */
export function newHomeRead(name: string, home: string | undefined): Sh {
  return sh`${named}
q_default() { sed -n "s/^$1=//p" /etc/default/useradd 2>/dev/null | tail -n 1; }
q_home=${home ?? ''} q_base=$(q_default HOME) q_skel=$(q_default SKEL)
q_home=\${q_home:-\${q_base:-/home}/${name}} q_skel=\${q_skel:-/etc/skel}
if [ ! -e "$q_home" ] && [ ! -L "$q_home" ]; then
  echo "new home $q_home"
  for q_path in "$q_skel"/* "$q_skel"/.*; do
    case $q_path in */. | */..) continue ;; esac
    if [ -e "$q_path" ] || [ -L "$q_path" ]; then q_has "\${q_path##*/}"; fi
  done
fi`;
}

export function parseNewHome(out: string): NewHome | undefined {
  const path = /^new home (\/.*)$/m.exec(out)?.[1];
  return path === undefined ? undefined : { path, names: namesIn(out) };
}

/** Say in the world that the home will be there, and things in it of which nothing more is known. */
export function foreseeHome({ path, names }: NewHome, owner: string, group: string, world: World): void {
  // useradd leaves alone what an earlier task has put there.
  if (world.path(path).state) return;
  world.path(path).willBe({ type: 'directory', mode: UNKNOWN, owner, group });
  for (const name of names) world.path(`${path}/${name}`).willBe({});
}
