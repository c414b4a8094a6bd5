import { alone } from '../dsl/alone.ts';
import { defineResource } from '../dsl/resource.ts';
import { sh } from '../dsl/sh.ts';

export interface UserDesired {
  readonly name: string;
  readonly group: string;
  readonly home: string;
}

/** A system user that cannot log in, with this primary group; shared like the group. */
export const user = defineResource<UserDesired, string | undefined>({
  kind: 'user',
  name: (desired) => desired.name,
  title: (desired) => `user ${desired.name} exists`,
  owns: (desired) => [`user:${desired.name}`],
  probe: ({ name }) => sh`id -gn ${name} 2>/dev/null`,
  parse: (reading) => (reading.code === 0 ? reading.out.trim() : undefined),
  diff(desired, observed) {
    if (observed === desired.group) return [];
    return [
      {
        kind: observed === undefined ? 'create' : 'update',
        property: 'group',
        before: observed ?? null,
        after: desired.group,
      },
    ];
  },
  apply({ name, group, home }, changes) {
    if (changes.some((change) => change.kind === 'update')) return sh`usermod --gid ${group} ${name}`;
    return sh`${alone}
if [ "$(id -gn ${name} 2>/dev/null)" = ${group} ]; then :
elif command -v useradd >/dev/null
then useradd --system --gid ${group} --home-dir ${home} --no-create-home --shell /usr/sbin/nologin ${name}
else adduser -S -D -H -h ${home} -s /sbin/nologin -G ${group} ${name}
fi`;
  },
});
