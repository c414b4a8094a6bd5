import {
  foreseeFolders,
  groundReads,
  type Place,
  parsePlace,
  requireAccounts,
  requireFolder,
  requireSight,
} from '../dsl/ground.ts';
import { broughtBy, foldersTo } from '../dsl/made.ts';
import { orGone, unknownAfter } from '../dsl/mark.ts';
import {
  checkedPath,
  completeOwnership,
  OWNERSHIP,
  type Ownership,
  type OwnershipOptions,
  ownershipDifferences,
  requireRoom,
} from '../dsl/path.ts';
import { partsOf, probe } from '../dsl/probe.ts';
import { defineResource } from '../dsl/resource.ts';
import { sh } from '../dsl/sh.ts';
import type { Mark } from '../dsl/task.ts';

interface DirectoryDesired extends Ownership {
  readonly path: string;
}

/**
 * A directory with this mode (0755 unless said) and owner; parents that are missing are made 0755.
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
    ...completeOwnership({ mode: '0755', ...options }),
  }),
  thing: ({ path }) => `path ${path}`,
  owns: (desired) => [desired.path],
  files: () => [],
  marks: ({ path }) => [directoryMark(path)],
  leaves({ path }, changes) {
    const own = broughtBy({ kind: 'directory', name: path }, changes, 'type');
    return changes === undefined || own.length === 0 ? own : [...foldersTo(path), ...own];
  },
  probe: (desired) => probe([{ path: desired.path, how: 'stat' }, ...groundReads(desired.path, desired)]),
  parse: ({ out }) => parsePlace(partsOf(out)),
  diff(desired, { at, ground }, world) {
    const { path } = desired;
    const found = world.path(path).over(at);
    requireRoom(path, 'directory', found);
    const differences = found ? ownershipDifferences(desired, found) : [];
    if (found && differences.length === 0) return [];
    const certainty = requireAccounts(desired, ground, world, path);
    if (found) return differences.map((one) => ({ certainty, ...one }));
    if (at === undefined) requireSight(path, ground);
    requireFolder(path, ground, world, { makesFolders: true });
    const sure = world.bringsMore ? 'conditional' : certainty;
    return [{ kind: 'create', property: 'type', before: null, after: 'directory', certainty: sure }];
  },
  foresee(desired, { ground }, changes, world) {
    const { path, mode, owner, group } = desired;
    foreseeFolders(path, ground, world);
    const isNew = changes.some(({ kind }) => kind === 'create');
    const ownership = { mode, ...(owner && { owner }), ...(group && { group }) };
    world.path(path).willBe({ type: 'directory', ...ownership, isNew });
  },
  apply: ({ path, mode, owner = '', group = '' }) =>
    sh`mkdir -p -- ${path} && q_mode ${path} ${mode} ${owner} ${group} && q_label ${path}`,
});

/** A directory, by its mode and owner. Its own change is later than that of what lies in it, or is not known. */
function directoryMark(path: string): Mark {
  return unknownAfter({
    name: `directory ${path}`,
    look: sh`if [ -d ${path} ]; then
  echo "$(stat -L -c %a:%u:%g -- ${path}) $(if [ "$(stat -L -c %y -- ${path})" != "$(stat -L -c %z -- ${path})" ]; then stat -L -c %Z -- ${path}; fi)"
${orGone(path)}`,
  });
}
