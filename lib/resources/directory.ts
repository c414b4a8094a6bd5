import { broughtBy, foldersTo } from '../dsl/ledger/made.ts';
import { orGone, unknownAfter } from '../dsl/mark.ts';
import {
  checkedPath,
  isForeseenOnly,
  type KeptOwnership,
  type ObservedPath,
  OWNERSHIP,
  type OwnershipOptions,
  ownershipDifferences,
  ownershipOfNew,
  requireRoom,
} from '../dsl/path.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import { partsOf, probe } from '../dsl/shell/probe.ts';
import { type Sh, sh } from '../dsl/shell/sh.ts';
import type { Mark } from '../dsl/task.ts';
import {
  foreseeFolders,
  groundReads,
  type Place,
  parsePlace,
  requireAccounts,
  requireFolder,
  requireSight,
} from '../dsl/world/ground.ts';
import { completeKept, foreseenMode, joinedOwnership, modeAt } from '../dsl/world/kept-mode.ts';
import { UNKNOWN } from '../dsl/world/world.ts';

interface DirectoryDesired extends KeptOwnership {
  readonly path: string;
}

/**
 * A directory with this mode and owner. A new one is 0755 unless said, and so are parents that are missing; one that is
 * there keeps what is not given.
 *
 * @example
 * directory('/srv/www', { owner: 'web', group: 'web' })
 */
export const directory = defineResource<OwnershipOptions, DirectoryDesired, Place>({
  kind: 'directory',
  options: OWNERSHIP,
  name: (desired) => desired.path,
  title: (desired) => `${desired.path} is a directory`,
  complete: (path, options) => ({
    path: checkedPath(path),
    ...completeKept(options, '0755'),
  }),
  thing: ({ path }) => `path ${path}`,
  join: joinedOwnership,
  owns: (desired) => [desired.path],
  files: () => [],
  marks: ({ path }) => [directoryMark(path)],
  traces({ path }, changes) {
    const own = broughtBy({ kind: 'directory', name: path }, changes, 'type');
    return changes === undefined || own.length === 0 ? own : [...foldersTo(path), ...own];
  },
  probe: (desired) => probe([{ path: desired.path, how: 'stat' }, ...groundReads(desired.path, desired)]),
  parse: ({ out }) => parsePlace(partsOf(out)),
  diff(desired, { at, ground }, world) {
    const { path } = desired;
    const found = world.path(path).over(at);
    requireRoom(path, 'directory', found);
    const differences = found ? [...mayBeMissing(found), ...ownershipDifferences(desired, found)] : [];
    if (found && differences.length === 0) return [];
    const certainty = requireAccounts(desired, ground, world, path);
    if (found) return differences.map((one) => ({ certainty, ...one }));
    if (at === undefined) requireSight(path, ground);
    requireFolder(path, ground, world, { makesFolders: true });
    const sure = world.bringsMore ? 'conditional' : certainty;
    const made = { kind: 'create', property: 'type', before: null, after: 'directory' } as const;
    return [made, ...ownershipOfNew(desired, '0755')].map((one) => ({ ...one, certainty: sure }));
  },
  foresee(desired, { at, ground }, changes, world) {
    const { path, owner, group } = desired;
    const mode = foreseenMode(desired, world.path(path).over(at));
    foreseeFolders(path, ground, world);
    const isNew = changes.some(({ kind }) => kind === 'create');
    const ownership = { ...mode, ...(owner && { owner }), ...(group && { group }) };
    world.path(path).willBe({ type: 'directory', ...ownership, isNew });
  },
  apply: makeDirectory,
});

/** Where nobody has looked, as behind a link that an earlier task makes, there may be no directory yet. */
function mayBeMissing(found: ObservedPath): readonly Difference[] {
  if (!isForeseenOnly(found)) return [];
  return [
    { kind: 'update', property: 'type', before: UNKNOWN, after: 'directory', certainty: 'conditional' },
  ];
}

/** Shell that makes a directory where it is missing, with its mode and owner. */
export function makeDirectory({ path, owner = '', group = '', ...ownership }: DirectoryDesired): Sh {
  return sh`q_bits=${modeAt(path, ownership)}; q_mkdir ${path} && q_mode ${path} "$q_bits" ${owner} ${group} && q_label ${path}`;
}

/** A directory, by its mode and owner. Its own change is later than that of what lies in it, or is not known. */
function directoryMark(path: string): Mark {
  return unknownAfter({
    name: `directory ${path}`,
    look: sh`if [ -d ${path} ]; then
  echo "$(stat -L -c %a:%u:%g -- ${path}) $(if [ "$(stat -L -c %y -- ${path})" != "$(stat -L -c %z -- ${path})" ]; then stat -L -c %Z -- ${path}; fi)"
${orGone(path)}`,
  });
}
