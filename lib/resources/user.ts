import { alone } from '../dsl/alone.ts';
import { accountReads, type Ground, parseGround, requireAccounts } from '../dsl/ground.ts';
import { partsOf, probe } from '../dsl/probe.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import { sh } from '../dsl/sh.ts';
import { EXIT, QuorateError } from '../errors.ts';

export interface UserOptions {
  /** One that runs services: it gets no home made, and cannot log in unless a shell is named. */
  readonly system?: boolean;
  /** Primary group; it must be there, or be made by an earlier task. Without it a new user gets one of its own name. */
  readonly group?: string;
  /** Further groups that it is in, besides those that others have put it in. */
  readonly groups?: readonly string[];
  /** Of a new user: that of one who exists stays, with what is in it. */
  readonly home?: string;
  readonly shell?: string;
}

interface UserDesired extends UserOptions {
  readonly name: string;
}

interface ObservedUser {
  /** Name of the primary group; undefined without such a user. */
  readonly group: string | undefined;
  readonly groups: readonly string[];
  readonly shell: string | undefined;
  readonly ground: Ground;
}

/**
 * A user. What is not said of one who exists stays as it is; groups are added, never taken away. Services on a host may
 * share it, and be set up at the same time.
 *
 * @example
 * user('web', { system: true, home: '/srv/www' })
 * user('ann', { groups: ['sudo'], shell: '/bin/bash' })
 */
export const user = defineResource<UserOptions, UserDesired, ObservedUser>({
  kind: 'user',
  complete(name, options) {
    const names = [name, options.group, ...(options.groups ?? [])].filter((one) => one !== undefined);
    for (const one of names) if (!/^[A-Za-z0-9_][\w.-]*\$?$/.test(one)) throw noName(one);
    return { name, ...options };
  },
  name: ({ name }) => name,
  title: ({ name }) => `user ${name} exists`,
  owns: ({ name }) => [`user:${name}`],
  leaves: ({ name }, changes) =>
    changes === undefined || changes.some(({ kind }) => kind === 'create') ? [{ kind: 'user', name }] : [],
  probe: ({ name, group, groups = [] }) =>
    probe(
      [group, ...groups].flatMap((one) => (one === undefined ? [] : accountReads({ group: one }))),
      sh`q_user=$(id -gn ${name} 2>/dev/null) && echo "primary $q_user" && echo "groups $(id -Gn ${name})" && q_account passwd ${name}`,
    ),
  parse({ out }) {
    const parts = partsOf(out);
    const own = parts.at(-1) ?? '';
    return {
      group: /^primary (.+)$/m.exec(own)?.[1],
      groups: /^groups (.+)$/m.exec(own)?.[1]?.split(' ') ?? [],
      shell: /^passwd .*:([^:]*)$/m.exec(own)?.[1],
      ground: parseGround(parts),
    };
  },
  diff(desired, observed, world) {
    const { name } = desired;
    const seen = observed.group === undefined ? undefined : { group: observed.group };
    const found = world.user(name).over(seen);
    const differences = userDifferences(desired, found?.group, observed);
    if (differences.length === 0) return [];
    for (const { property, after } of differences) {
      if (/^group/.test(property) && after !== null) {
        requireAccounts({ group: after }, observed.ground, world, `user ${name}`);
      }
    }
    const certainty = found === undefined && world.bringsMore ? 'conditional' : 'certain';
    return differences.map((one) => ({ certainty, ...one }));
  },
  foresee: ({ name, group }, _observed, _changes, world) =>
    world.user(name).willBe(group === undefined ? {} : { group }),
  apply({ name, system, group, groups = [], home, shell }, changes) {
    const options = (flag: string, value: string | undefined) => (value === undefined ? [] : [flag, value]);
    if (changes.every(({ kind }) => kind === 'update')) {
      const after = (property: string) =>
        changes.find((change) => change.property === property)?.after ?? undefined;
      const added = changes.flatMap((change) => (change.property === 'groups' ? [change.after ?? ''] : []));
      return sh`${alone}
usermod ${options('--gid', after('group'))} ${options('--shell', after('shell'))} ${added.length > 0 ? ['--append', '--groups', added.join(',')] : []} ${name}`;
    }
    const login = shell ?? (system ? '/usr/sbin/nologin' : undefined);
    const made = [
      ...(system ? ['--system', '--no-create-home'] : ['--create-home']),
      ...options('--gid', group),
      ...options('--home-dir', home),
      ...options('--shell', login),
      ...options('--groups', groups.length > 0 ? groups.join(',') : undefined),
    ];
    return sh`${alone}
if id -u ${name} >/dev/null 2>&1; then :
elif command -v useradd >/dev/null; then
  q_own=
  ${group === undefined ? sh`if [ -n "$(q_account group ${name})" ]; then q_own=--no-user-group; set -- --gid ${name}; else q_own=--user-group; set --; fi` : sh`set --`}
  useradd ${made} $q_own "$@" ${name}
else adduser ${system ? ['-S', '-H'] : []} -D ${options('-h', home)} -s ${system ? '/sbin/nologin' : (login ?? '/bin/sh')} ${options('-G', group)} ${name}
fi`;
  },
});

function userDifferences(
  { name, group, groups = [], shell }: UserDesired,
  primary: string | undefined,
  observed: ObservedUser,
): readonly Difference[] {
  if (primary === undefined) {
    const made: Difference =
      group === undefined
        ? { kind: 'create', property: 'name', before: null, after: name }
        : { kind: 'create', property: 'group', before: null, after: group };
    return [
      made,
      ...groups.map((one): Difference => ({ kind: 'create', property: 'groups', before: null, after: one })),
    ];
  }
  // Of a user that is still to be made by an earlier task nothing was seen.
  if (observed.group === undefined) return [];
  const missing = groups.filter((one) => one !== primary && !observed.groups.includes(one));
  return [
    ...(group === undefined || group === primary
      ? []
      : [{ kind: 'update', property: 'group', before: primary, after: group } as const]),
    ...missing.map((one) => ({ kind: 'update', property: 'groups', before: null, after: one }) as const),
    ...(shell === undefined || shell === observed.shell
      ? []
      : [{ kind: 'update', property: 'shell', before: observed.shell ?? null, after: shell } as const]),
  ];
}

function noName(name: string): QuorateError {
  return new QuorateError(`${JSON.stringify(name)} is no name of a user or group`, {
    exitCode: EXIT.usage,
    hint: 'letters, digits, and _ . - behind the first',
  });
}
