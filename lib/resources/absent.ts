import { type Place, parsePlace, requireSight } from '../dsl/ground.ts';
import { checkedPath } from '../dsl/path.ts';
import { partsOf, probe } from '../dsl/probe.ts';
import { defineResource } from '../dsl/resource.ts';
import { sh } from '../dsl/sh.ts';
import { EXIT, QuorateError } from '../errors.ts';

interface ObservedAbsent extends Place {
  /** Names inside a directory. */
  readonly names: readonly string[];
}

/**
 * Nothing at this path: no file, no link, no directory. What is inside a directory is never removed.
 *
 * @example
 * absent('/etc/motd.old')
 */
export const absent = defineResource<object, { readonly path: string }, ObservedAbsent>({
  kind: 'absent',
  thing: ({ path }) => `path ${path}`,
  name: (desired) => desired.path,
  title: (desired) => `${desired.path} is absent`,
  complete: (path) => ({ path: checkedPath(path) }),
  probe: ({ path }) =>
    probe(
      [
        { path, how: 'stat' },
        { path, how: 'above' },
      ],
      sh`if [ -d ${path} ] && [ ! -L ${path} ]; then
  [ -r ${path} ] || echo 'has what we may not see'
  for q_path in ${path}/* ${path}/.*; do
    case $q_path in */. | */..) continue ;; esac
    if [ -e "$q_path" ] || [ -L "$q_path" ]; then printf 'has %s\n' "\${q_path##*/}"; fi
  done
fi`,
    ),
  parse({ out }) {
    const parts = partsOf(out);
    const names = (parts[2] ?? '').split('\n').flatMap((line) => /^has (.+)$/.exec(line)?.[1] ?? []);
    return { ...parsePlace(parts), names };
  },
  diff({ path }, { at, ground, names }, world) {
    const found = world.path(path).over(at);
    if (found === undefined) {
      if (at === undefined) requireSight(path, ground);
      return [];
    }
    const inside = found.type === 'directory' ? world.namesIn(path, names) : [];
    if (inside.length > 0 && !world.bringsMore) throw notEmpty(path, inside);
    const certainty = inside.length > 0 ? 'conditional' : 'certain';
    return [{ kind: 'remove', property: 'type', before: found.type, after: null, certainty }];
  },
  foresee: ({ path }, _observed, _changes, world) => world.path(path).willBeAbsent(),
  apply: ({ path }) =>
    sh`if [ -d ${path} ] && [ ! -L ${path} ]; then rmdir -- ${path}; else rm -f -- ${path}; fi`,
});

function notEmpty(path: string, names: readonly string[]): QuorateError {
  const some = names.slice(0, 3).join(', ');
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return new QuorateError(`cannot remove ${path}: it has ${some}${more} in it`, {
    exitCode: EXIT.failed,
    hint: 'name what is to go; a directory with something inside stays',
  });
}
