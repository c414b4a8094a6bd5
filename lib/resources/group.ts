import { alone } from '../dsl/alone.ts';
import { parseGround } from '../dsl/ground.ts';
import { broughtBy } from '../dsl/made.ts';
import { partsOf, probe } from '../dsl/probe.ts';
import { defineResource } from '../dsl/resource.ts';
import { sh } from '../dsl/sh.ts';

/**
 * A system group. Services on one host may share it, and be set up at the same time: the second one finds it.
 *
 * @example
 * group('web')
 */
export const group = defineResource<object, { readonly name: string }, boolean>({
  kind: 'group',
  complete: (name) => ({ name }),
  name: ({ name }) => name,
  title: (desired) => `group ${desired.name} exists`,
  leaves: ({ name }, changes) => broughtBy({ kind: 'group', name }, changes, 'name'),
  probe: ({ name }) => probe([{ account: name, in: 'group' }]),
  parse: ({ out }, { name }) => parseGround(partsOf(out)).accounts.has(`group ${name}`),
  diff({ name }, exists, world) {
    if (world.group(name).over(exists ? {} : undefined) !== undefined) return [];
    const certainty = world.bringsMore ? 'conditional' : 'certain';
    return [{ kind: 'create', property: 'name', before: null, after: name, certainty }];
  },
  foresee: ({ name }, _exists, _changes, world) => world.group(name).willBe({}),
  apply: ({ name }) =>
    sh`${alone}
if [ -n "$(q_account group ${name})" ]; then :
elif command -v groupadd >/dev/null; then groupadd --system ${name}; else addgroup -S ${name}; fi`,
});
