import { type ObservedPath, parsePath } from '../dsl/path.ts';
import { probe } from '../dsl/probe.ts';
import { defineResource } from '../dsl/resource.ts';
import { type Sh, sh } from '../dsl/sh.ts';

export interface SetAsideDesired {
  /** The directory that has to make way. */
  readonly path: string;
  /** Service that works in it, and the shell that stops it first. */
  readonly service: string;
  readonly stop: Sh;
}

/** A directory that makes way under another name beside it; nothing of it is deleted. */
export const setAside = defineResource<SetAsideDesired, ObservedPath | undefined>({
  kind: 'set-aside',
  name: ({ path }) => path,
  title: ({ path }) => `${path} is set aside`,
  probe: ({ path }) => probe([{ path, how: 'stat' }]),
  parse: parsePath,
  diff: ({ path }, observed) =>
    observed ? [{ kind: 'remove', property: 'path', before: path, after: null }] : [],
  foresee({ path, service }, _observed, changes, world) {
    if (changes.length === 0) return;
    world.set(`path:${path}`, 'absent');
    world.set(`service:${service}`, 'stopped');
  },
  apply: ({ path, stop }) => sh`${stop}
q_aside=${path}.set-aside-$(date -u +%Y%m%dT%H%M%SZ)
mv -- ${path} "$q_aside" && echo "moved to $q_aside"`,
});
