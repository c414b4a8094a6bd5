import type { LeftOver } from '../../dsl/ledger/left-over.ts';
import type { Kept } from '../../dsl/ledger/records.ts';
import { parsePath, sha256 } from '../../dsl/path.ts';
import { partsOf, probe } from '../../dsl/shell/probe.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { World } from '../../dsl/world/world.ts';
import { named, namesIn } from '../common/names.ts';
import { CHANGED, taking, WAS_THERE } from './taking.ts';

/** A file goes if its content is still ours; a unit of systemd only where nothing runs or starts it. */
export function leftFile(made: Kept): LeftOver {
  const { name: path, digests, there } = made;
  const unit = /^\/etc\/systemd\/system\/([^/]+\.[a-z]+)$/.exec(path)?.[1];
  return taking(made, {
    probe: probe(
      [{ path, how: 'digest' }],
      unit === undefined ? sh`:` : sh`systemctl show -p ActiveState -p UnitFileState ${unit} 2>/dev/null`,
    ),
    judge({ out }, world) {
      const [file = '', manager = ''] = partsOf(out);
      const found = world.path(path).over(parsePath({ code: 0, out: file }));
      if (found === undefined) return 'gone';
      if (found.type !== 'file') return { why: `it is a ${found.type} now` };
      const isOurs = found.sha256 !== undefined && digests.includes(found.sha256);
      if (there) return isOurs ? WAS_THERE : 'gone';
      if (!isOurs) return CHANGED;
      const use = unit === undefined ? undefined : useOf(unit, manager, world);
      return use === undefined ? { property: 'type', before: 'file' } : { why: use };
    },
    foresee: (world) => world.path(path).willBeAbsent(),
    apply:
      () => sh`case " "${digests.join(' ')}" " in *" $(q_sha256 ${path}) "*) ;; *) echo ${`${path} has changed since it was read: run again`}; exit 1 ;; esac
q_drop ${path} || exit
${systemdReads(path)}`,
  });
}

/**
 * Why a unit file is still needed: the unit runs or is enabled. A unit that this run stops first no longer needs it.
 */
function useOf(unit: string, manager: string, world: World): string | undefined {
  if (world.unit(unit).state?.state === 'stopped') return undefined;
  if (/^ActiveState=(active|activating|reloading)$/m.test(manager)) return `${unit} is running`;
  return /^UnitFileState=enabled/m.test(manager) ? `${unit} is enabled` : undefined;
}

/** Shell that has systemd forget what is gone. */
function systemdReads(path: string): Sh {
  return path.startsWith('/etc/systemd/system/')
    ? sh`if command -v systemctl >/dev/null; then systemctl daemon-reload; fi`
    : sh`:`;
}

/** A file that edits made, and others may write to: it goes once nothing is in it. */
export function leftText(made: Kept): LeftOver {
  const { name: path } = made;
  return taking(made, {
    probe: probe([{ path, how: 'digest' }]),
    judge(reading, world) {
      const found = world.path(path).over(parsePath(reading));
      const isEmpty = found?.type === 'file' && found.sha256 === sha256('');
      return isEmpty ? { property: 'type', before: 'file' } : 'gone';
    },
    foresee: (world) => world.path(path).willBeAbsent(),
    apply:
      () => sh`if [ -s ${path} ]; then echo ${`${path} has changed since it was read: run again`}; exit 1; fi
q_drop ${path}`,
  });
}

/** A link goes if it still leads there. */
export function leftLink(made: Kept): LeftOver {
  const { name: path, digests, there } = made;
  return taking(made, {
    probe: probe([{ path, how: 'stat' }], sh`if [ -L ${path} ]; then readlink -- ${path}; fi`),
    judge({ out }, world) {
      const [stat = '', to = ''] = partsOf(out);
      const found = world.path(path).over(parsePath({ code: 0, out: stat }));
      if (found === undefined) return 'gone';
      if (found.type !== 'link') return { why: `it is a ${found.type} now` };
      const isOurs = digests.includes(to);
      if (there) return isOurs ? WAS_THERE : 'gone';
      return isOurs ? { property: 'to', before: to } : CHANGED;
    },
    foresee: (world) => world.path(path).willBeAbsent(),
    apply: () => sh`if [ ! -L ${path} ]; then echo ${`${path} is not a link any more: run again`}; exit 1; fi
rm -f -- ${path}`,
  });
}

/** A directory goes if nothing is in it: not what is mounted, and not the home of a user who stays. */
export function leftDirectory(made: Kept, goingUsers: readonly string[]): LeftOver {
  const { name: path } = made;
  return taking(made, {
    probe: probe(
      [{ path, how: 'stat' }],
      sh`${named}
if [ -d ${path} ] && [ ! -L ${path} ]; then
  [ -r ${path} ] || echo 'has what we may not see'
  [ "$(stat -c %d -- ${path})" = "$(stat -c %d -- ${path}/..)" ] || echo mounted
  for q_path in ${path}/* ${path}/.*; do
    case $q_path in */. | */..) continue ;; esac
    if [ -e "$q_path" ] || [ -L "$q_path" ]; then q_has "\${q_path##*/}"; fi
  done
  while IFS=: read -r q_name q_n q_n q_n q_n q_home q_n || [ -n "$q_name" ]; do
    if [ "\${q_home%/}" = ${path} ]; then echo "home $q_name"; fi
  done </etc/passwd
fi`,
    ),
    judge({ out }, world) {
      const [stat = '', own = ''] = partsOf(out);
      const found = world.path(path).over(parsePath({ code: 0, out: stat }));
      if (found === undefined) return 'gone';
      if (found.type !== 'directory') return { why: `it is a ${found.type} now` };
      const all = (word: string) =>
        own.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
      if (/^mounted$/m.test(own)) return { why: 'something is mounted there' };
      const inside = world.namesIn(path, namesIn(own));
      if (inside.length > 0) return { why: `it has ${listOf(inside)} in it` };
      const home = all('home').find((name) => !goingUsers.includes(name));
      if (home !== undefined) return { why: `it is the home of ${home}` };
      return { property: 'type', before: 'directory' };
    },
    foresee: (world) => world.path(path).willBeAbsent(),
    apply: () => sh`rmdir -- ${path}`,
  });
}

/** What an archive or a repository has brought may have data beside it by now: a person takes it away. */
export function leftTree(made: Kept): LeftOver {
  const { name: path } = made;
  return taking(made, {
    probe: probe([{ path, how: 'stat' }]),
    judge(reading, world) {
      if (world.path(path).over(parsePath(reading)) === undefined) return 'gone';
      return {
        why: `it is a folder that was filled whole: see what is in it, then declare absent('${path}', { recursive: true })`,
      };
    },
    foresee: (world) => world.path(path).willBeAbsent(),
    apply: () => sh`false`,
  });
}

function listOf(names: readonly string[]): string {
  const some = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${some} and ${names.length - 3} more` : some;
}
