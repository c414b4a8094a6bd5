import { alone } from '../dsl/alone.ts';
import { accountReads, type Ground, parseGround, requireAccounts } from '../dsl/ground.ts';
import { partsOf, probe } from '../dsl/probe.ts';
import { defineResource } from '../dsl/resource.ts';
import { sh } from '../dsl/sh.ts';

export interface UserOptions {
  /** Primary group; it must be there, or be made by an earlier task. */
  readonly group: string;
  readonly home: string;
}

interface UserDesired extends UserOptions {
  readonly name: string;
}

interface ObservedUser {
  /** Name of the primary group; undefined without such a user. */
  readonly group: string | undefined;
  readonly ground: Ground;
}

/**
 * A system user that cannot log in, with this primary group; shared like the group.
 *
 * @example
 * user('web', { group: 'web', home: '/srv/www' })
 */
export const user = defineResource<UserOptions, UserDesired, ObservedUser>({
  kind: 'user',
  complete: (name, options) => ({ name, ...options }),
  name: ({ name }) => name,
  title: (desired) => `user ${desired.name} exists`,
  owns: (desired) => [`user:${desired.name}`],
  probe: ({ name, group }) =>
    probe(accountReads({ group }), sh`q_user=$(id -gn ${name} 2>/dev/null) && echo "primary $q_user"`),
  parse({ out }) {
    const parts = partsOf(out);
    return { group: /^primary (.+)$/m.exec(parts.at(-1) ?? '')?.[1], ground: parseGround(parts) };
  },
  diff({ name, group }, observed, world) {
    const seen = observed.group === undefined ? undefined : { group: observed.group };
    const found = world.user(name).over(seen);
    if (found?.group === group) return [];
    requireAccounts({ group }, observed.ground, world, `user ${name}`);
    const certainty = found === undefined && world.bringsMore ? 'conditional' : 'certain';
    return [
      {
        kind: found === undefined ? 'create' : 'update',
        property: 'group',
        before: found?.group ?? null,
        after: group,
        certainty,
      },
    ];
  },
  foresee: ({ name, group }, _observed, _changes, world) => world.user(name).willBe({ group }),
  apply({ name, group, home }, changes) {
    const moves = changes.some((change) => change.kind === 'update');
    if (moves)
      return sh`${alone}
usermod --gid ${group} ${name}`;
    return sh`${alone}
if [ "$(id -gn ${name} 2>/dev/null)" = ${group} ]; then :
elif command -v useradd >/dev/null
then useradd --system --gid ${group} --home-dir ${home} --no-create-home --shell /usr/sbin/nologin ${name}
else adduser -S -D -H -h ${home} -s /sbin/nologin -G ${group} ${name}
fi`;
  },
});
