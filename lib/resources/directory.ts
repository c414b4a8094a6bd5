import {
  type ObservedPath,
  type Ownership,
  ownershipDifferences,
  parsePath,
  requireRoom,
} from '../dsl/path.ts';
import { probe } from '../dsl/probe.ts';
import { defineResource } from '../dsl/resource.ts';
import { sh } from '../dsl/sh.ts';

export interface DirectoryDesired extends Ownership {
  readonly path: string;
}

/** A directory with this mode and owner; parents that are missing are made 0755. */
export const directory = defineResource<DirectoryDesired, ObservedPath | undefined>({
  kind: 'directory',
  name: (desired) => desired.path,
  title: (desired) => `${desired.path} is a directory`,
  owns: (desired) => [desired.path],
  probe: ({ path }) => probe([{ path, how: 'stat' }]),
  parse: parsePath,
  diff(desired, found, world) {
    const observed = world.get(`path:${desired.path}`) === 'absent' ? undefined : found;
    requireRoom(desired.path, 'directory', observed);
    if (observed) return ownershipDifferences(desired, observed);
    return [{ kind: 'create', property: 'type', before: null, after: 'directory' }];
  },
  foresee: ({ path }, _observed, _changes, world) => world.set(`path:${path}`, 'present'),
  apply: ({ path, mode, owner = '', group = '' }) =>
    sh`mkdir -p -- ${path} && q_mode ${path} ${mode} ${owner} ${group} && q_label ${path}`,
});
