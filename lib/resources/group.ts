import { alone } from '../dsl/alone.ts';
import { broughtBy } from '../dsl/ledger/made.ts';
import { is } from '../dsl/options/options.ts';
import { defineResource } from '../dsl/resource.ts';
import { partsOf, probe } from '../dsl/shell/probe.ts';
import { sh } from '../dsl/shell/sh.ts';
import { parseGround } from '../dsl/world/ground.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { accountMark, isAccountName, taken } from './user/user-wish.ts';

export interface GroupOptions {
  /** Of a new group; one that exists with another is an error, because files belong to the number. */
  readonly gid?: number;
}

interface GroupDesired extends GroupOptions {
  readonly name: string;
}

interface ObservedGroup {
  /** undefined without such a group; with it, where its number was asked for. */
  readonly gid: number | undefined;
  readonly exists: boolean;
  /** Who has the wanted number. */
  readonly holder: string | undefined;
}

/**
 * A system group. Services on one host may share it, and be set up at the same time: the second one finds it.
 *
 * @example
 * group('web')
 */
export const group = defineResource<GroupOptions, GroupDesired, ObservedGroup>({
  kind: 'group',
  options: { gid: is.count() },
  complete(name, options) {
    if (isAccountName(name)) return { name, ...options };
    throw new QuorateError(`${JSON.stringify(name)} is not the name of a group`, {
      exitCode: EXIT.usage,
      hint: 'letters, digits, and _ . - after the first; no number, and 32 of them at most',
    });
  },
  name: ({ name }) => name,
  title: (desired) => `group ${desired.name} exists`,
  marks: ({ name }) => [accountMark('group', name)],
  traces: ({ name }, changes) => broughtBy({ kind: 'group', name }, changes, 'name'),
  probe: ({ name, gid }) =>
    probe(
      [{ account: name, in: 'group' }],
      gid === undefined
        ? undefined
        : sh`while IFS=: read -r q_name q_word q_gid q_rest || [ -n "$q_name" ]; do
  if [ "$q_gid" = ${gid} ]; then echo "holder $q_name"; fi
done </etc/group
q_account group ${name}`,
    ),
  parse({ out }, { name }) {
    const parts = partsOf(out);
    const own = parts[1] ?? '';
    const gid = /^group \S+ (\d+):/m.exec(own)?.[1];
    return {
      exists: parseGround(parts).accounts.has(`group ${name}`),
      gid: gid === undefined ? undefined : Number(gid),
      holder: /^holder (.+)$/m.exec(own)?.[1],
    };
  },
  diff({ name, gid }, { exists, gid: found, holder }, world) {
    if (exists && gid !== undefined && found !== gid) {
      throw new QuorateError(`group ${name} has gid ${found}, ${gid} was wanted`, {
        exitCode: EXIT.failed,
        hint: 'its files belong to the number: change both by hand',
      });
    }
    if (world.group(name).over(exists ? {} : undefined) !== undefined) return [];
    if (gid !== undefined && holder !== undefined) throw taken(`group ${name}`, 'gid', `${gid}`, holder);
    const certainty = world.bringsMore ? 'conditional' : 'certain';
    const said = { name, ...(gid !== undefined && { gid: `${gid}` }) };
    return Object.entries(said).map(
      ([property, after]) => ({ kind: 'create', property, before: null, after, certainty }) as const,
    );
  },
  foresee: ({ name }, _exists, _changes, world) => world.group(name).willBe({}),
  apply({ name, gid }) {
    const number = gid === undefined ? [] : ['-g', gid];
    return sh`${alone}
if [ -n "$(q_account group ${name})" ]; then :
elif command -v groupadd >/dev/null; then groupadd --system ${number} ${name}; else addgroup -S ${number} ${name}; fi`;
  },
});
