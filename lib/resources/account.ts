import { defineResource } from '../dsl/resource.ts';
import { sh } from '../dsl/sh.ts';

export interface GroupDesired {
  readonly name: string;
}

export interface UserDesired {
  readonly name: string;
  readonly group: string;
  readonly home: string;
}

/** A system group. Services on one host may share it, and be set up at the same time: whoever comes second is content. */
export const group = defineResource<GroupDesired, boolean>({
  kind: 'group',
  name: (desired) => desired.name,
  title: (desired) => `group ${desired.name} exists`,
  probe: ({ name }) => sh`getent group ${name} >/dev/null 2>&1 || grep -q ${`^${name}:`} /etc/group`,
  parse: (reading) => reading.code === 0,
  diff: ({ name }, exists) =>
    exists ? [] : [{ kind: 'create', property: 'name', before: null, after: name }],
  apply: ({ name }) =>
    sh`if command -v groupadd >/dev/null; then groupadd --system ${name}; else addgroup -S ${name}; fi || grep -q ${`^${name}:`} /etc/group`,
});

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
    return sh`if command -v useradd >/dev/null
then useradd --system --gid ${group} --home-dir ${home} --no-create-home --shell /usr/sbin/nologin ${name}
else adduser -S -D -H -h ${home} -s /sbin/nologin -G ${group} ${name}
fi || [ "$(id -gn ${name} 2>/dev/null)" = ${group} ]`;
  },
});
