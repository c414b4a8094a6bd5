import { contentMark } from '../dsl/mark.ts';
import { is } from '../dsl/options/options.ts';
import { isForeseenOnly, requireReplaceable } from '../dsl/path.ts';
import { defineResource } from '../dsl/resource.ts';
import { partsOf, probe } from '../dsl/shell/probe.ts';
import { sh } from '../dsl/shell/sh.ts';
import { type Place, parsePlace, requireSight } from '../dsl/world/ground.ts';
import type { World } from '../dsl/world/world.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { literalPath } from './common/literal-path.ts';
import { named, namesIn } from './common/names.ts';
import { requireOurs } from './common/system-folders.ts';
import { mounted, mountedIn } from './mount/mounts.ts';

export interface AbsentOptions {
  /** A directory goes with all that is in it; links in it are not followed, and one with a mount in it stays. */
  readonly recursive?: boolean;
}

interface AbsentDesired {
  readonly path: string;
  readonly recursive: boolean;
}

interface ObservedAbsent extends Place {
  /** Names inside a directory. */
  readonly names: readonly string[];
  readonly mounts: readonly string[];
}

/**
 * Nothing at this path: no file, no link, no directory. What is inside a directory is removed only if that is said.
 *
 * @example
 * absent('/etc/motd.old')
 * absent('/srv/old-site', { recursive: true })
 */
export const absent = defineResource<AbsentOptions, AbsentDesired, ObservedAbsent>({
  kind: 'absent',
  options: { recursive: is.boolean },
  late: true,
  thing: ({ path }) => `path ${path}`,
  name: (desired) => desired.path,
  title: (desired) => `${desired.path} is absent`,
  empties: ({ path }) => [path],
  marks: ({ path }) => [contentMark(path)],
  complete(name, { recursive = false }) {
    const path = literalPath('absent', name, EACH);
    if (recursive) requireOurs(path);
    return { path, recursive };
  },
  probe: ({ path }) =>
    probe(
      [
        { path, how: 'stat' },
        { path, how: 'above' },
      ],
      sh`${mounted}
${named}
if [ -d ${path} ] && [ ! -L ${path} ]; then
  [ -r ${path} ] || echo 'has what we may not see'
  for q_path in ${path}/* ${path}/.*; do
    case $q_path in */. | */..) continue ;; esac
    if [ -e "$q_path" ] || [ -L "$q_path" ]; then q_has "\${q_path##*/}"; fi
  done
  q_mounted ${path}
fi`,
    ),
  parse({ out }) {
    const parts = partsOf(out);
    const own = parts[2] ?? '';
    return { ...parsePlace(parts), names: namesIn(own), mounts: mountedIn(own) };
  },
  diff({ path, recursive }, { at, ground, names, mounts }, world) {
    const found = world.path(path).over(at);
    if (found === undefined) {
      if (at === undefined) requireSight(path, ground);
      // What packages bring goes again in the same run, or the next check would say so.
      return world.bringsMore && at === undefined ? [BROUGHT] : [];
    }
    const inside = found.type === 'directory' ? world.namesIn(path, names) : [];
    if (found.type === 'directory') requireUnmounted(path, mounts);
    else requireReplaceable(path, found, world);
    if (recursive) {
      requireNoneMade(path, world);
      const before = inside.length === 0 ? found.type : `${found.type} with ${some(inside)}`;
      return [{ kind: 'remove', property: 'type', before, after: null }];
    }
    if (inside.length > 0 && !world.bringsMore) throw notEmpty(path, inside);
    const certainty = inside.length > 0 || isForeseenOnly(found) ? 'conditional' : 'certain';
    return [{ kind: 'remove', property: 'type', before: found.type, after: null, certainty }];
  },
  foresee: ({ path }, _observed, _changes, world) => world.path(path).willBeAbsent(),
  apply({ path, recursive }) {
    // What was mounted since the plan was made is not ours to empty.
    const remove = recursive
      ? sh`${mounted}
q_left=$(q_mounted ${path}); if [ -n "$q_left" ]; then echo "$q_left: it stays"; exit 1; fi
q_on ${path} rm -rf --`
      : sh`q_on ${path} rmdir --`;
    return sh`if [ -d ${path} ] && [ ! -L ${path} ]; then
${remove}
else q_on ${path} rm -f --; fi`;
  },
});

/** For a path that is not there, and that an earlier task may bring. */
const BROUGHT = {
  kind: 'remove',
  property: 'type',
  before: null,
  after: null,
  certainty: 'conditional',
} as const;

function requireUnmounted(path: string, mounts: readonly string[]): void {
  if (mounts.length === 0) return;
  throw new QuorateError(`cannot remove ${path}: ${some(mounts)} is mounted there`, {
    exitCode: EXIT.failed,
    hint: 'unmount it first, if it may go',
  });
}

function requireNoneMade(path: string, world: World): void {
  const made = world.namesIn(path, []);
  if (made.length === 0) return;
  throw new QuorateError(`cannot remove ${path}: earlier tasks put ${some(made)} there`, {
    exitCode: EXIT.failed,
    hint: 'declare absent what is to go, before what is to be there',
  });
}

function some(names: readonly string[]): string {
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `${names.slice(0, 3).join(', ')}${more}`;
}

function notEmpty(path: string, names: readonly string[]): QuorateError {
  return new QuorateError(`cannot remove ${path}: it has ${some(names)} in it`, {
    exitCode: EXIT.failed,
    hint: 'recursive: true says that what is in it may go, too',
  });
}

const EACH = 'name each path; or a command() with find … -delete, and an unless that finds none';
