import { defineResource } from '../dsl/resource.ts';
import { type Sh, sh } from '../dsl/sh.ts';
import { alone } from './alone.ts';

export interface GroupDesired {
  readonly name: string;
}

export interface UserDesired {
  readonly name: string;
  readonly group: string;
  readonly home: string;
}

/** A system group. Services on one host may share it, and be set up at the same time: the second one finds it. */
export const group = defineResource<GroupDesired, boolean>({
  kind: 'group',
  name: (desired) => desired.name,
  title: (desired) => `group ${desired.name} exists`,
  probe: ({ name }) => groupExists(name),
  parse: (reading) => reading.code === 0,
  diff: ({ name }, exists) =>
    exists ? [] : [{ kind: 'create', property: 'name', before: null, after: name }],
  apply: ({ name }) =>
    sh`${alone}
if ${groupExists(name)}; then :
elif command -v groupadd >/dev/null; then groupadd --system ${name}; else addgroup -S ${name}; fi`,
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
    return sh`${alone}
if [ "$(id -gn ${name} 2>/dev/null)" = ${group} ]; then :
elif command -v useradd >/dev/null
then useradd --system --gid ${group} --home-dir ${home} --no-create-home --shell /usr/sbin/nologin ${name}
else adduser -S -D -H -h ${home} -s /sbin/nologin -G ${group} ${name}
fi`;
  },
});

function groupExists(name: string): Sh {
  return sh`{ getent group ${name} >/dev/null 2>&1 || grep -q ${`^${name}:`} /etc/group; }`;
}
