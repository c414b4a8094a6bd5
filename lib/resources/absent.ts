import { type ObservedPath, parsePath } from '../dsl/path.ts';
import { probe } from '../dsl/probe.ts';
import { defineResource } from '../dsl/resource.ts';
import { sh } from '../dsl/sh.ts';

export interface AbsentDesired {
  /** A file, a link or an empty directory. What is inside a directory is never removed. */
  readonly path: string;
}

/** Nothing at this path. */
export const absent = defineResource<AbsentDesired, ObservedPath | undefined>({
  kind: 'absent',
  name: (desired) => desired.path,
  title: (desired) => `${desired.path} is absent`,
  probe: ({ path }) => probe([{ path, how: 'stat' }]),
  parse: parsePath,
  diff: (_desired, observed) =>
    observed ? [{ kind: 'remove', property: 'type', before: observed.type, after: null }] : [],
  apply: ({ path }) =>
    sh`if [ -d ${path} ] && [ ! -L ${path} ]; then rmdir ${path}; else rm -f -- ${path}; fi`,
});
