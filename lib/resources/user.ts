import { alone } from '../dsl/alone.ts';
import { accountReads, type Ground, parseGround, requireAccounts } from '../dsl/ground.ts';
import { SECRET, sha256 } from '../dsl/path.ts';
import { partsOf, probe } from '../dsl/probe.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import type { Secret } from '../dsl/secret.ts';
import { joinSh, type Sh, sh } from '../dsl/sh.ts';
import { EXIT, QuorateError } from '../errors.ts';

export interface UserOptions {
  /** One that runs services: it gets no home made, and cannot log in unless a shell is named. */
  readonly system?: boolean;
  /** Primary group; it must be there, or be made by an earlier task. Without it a new user gets one of its own name. */
  readonly group?: string;
  /** Further groups that it is in, besides those that others have put it in. */
  readonly groups?: readonly string[];
  /** `groups` are all: it leaves every other one. */
  readonly onlyGroups?: boolean;
  /** Of a new user; one who exists with another is an error, because files belong to the number. */
  readonly uid?: number;
  /** Name and the like, as finger shows it. */
  readonly comment?: string;
  /** Its hash, as `openssl passwd -6` prints it. */
  readonly password?: Secret;
  /** The first day, as `2027-01-31`, on which it cannot log in any more; or `never`. */
  readonly expires?: string;
  /** Of a new user: that of one who exists stays, with what is in it. */
  readonly home?: string;
  readonly shell?: string;
}

interface UserDesired extends UserOptions {
  readonly name: string;
  /** Days since 1970; empty for never. */
  readonly expiry: string | undefined;
}

interface ObservedUser {
  /** Name of the primary group; undefined without such a user. */
  readonly group: string | undefined;
  readonly groups: readonly string[];
  readonly shell: string | undefined;
  readonly uid: number | undefined;
  readonly comment: string | undefined;
  /** Digest of the hash of its password. */
  readonly password: string | undefined;
  readonly expiry: string | undefined;
  /** Who has the wanted number. */
  readonly holder: string | undefined;
  readonly ground: Ground;
}

/**
 * A user. What is not said of one who exists stays as it is; groups are added, and taken away only by `onlyGroups`.
 * Services on a host may share it, and be set up at the same time.
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
    if (options.onlyGroups && options.groups === undefined)
      throw wrong(`user ${name} is to be in its groups alone, and has none`, 'name them: groups: []');
    if (options.comment !== undefined && /[:\n]/.test(options.comment))
      throw wrong(`the comment of user ${name} has a colon or a line end`, 'leave it out');
    const hash = options.password?.reveal();
    if (hash !== undefined && !/^(\$\w+\$\S{10,}|[!*]\S*)$/.test(hash))
      throw wrong(`the password of user ${name} is no hash`, 'openssl passwd -6 makes one');
    const { expires } = options;
    return { name, ...options, expiry: expires === undefined ? undefined : dayOf(name, expires) };
  },
  name: ({ name }) => name,
  title: ({ name }) => `user ${name} exists`,
  owns: ({ name }) => [`user:${name}`],
  probe: ({ name, group, groups = [], uid, password, expiry }) =>
    probe(
      [group, ...groups].flatMap((one) => (one === undefined ? [] : accountReads({ group: one }))),
      sh`q_user=$(id -gn ${name} 2>/dev/null) && echo "primary $q_user" && echo "groups $(id -Gn ${name})" && q_account passwd ${name}
${uid === undefined ? sh`` : sh`echo "holder $(id -un ${uid} 2>/dev/null)"`}
${
  password === undefined && expiry === undefined
    ? sh`:`
    : sh`if ! [ -r /etc/shadow ]; then echo 'shadow closed'; else
  while IFS=: read -r q_name q_hash q_day q_min q_max q_warn q_idle q_end q_rest; do
    if [ "$q_name" = ${name} ]; then echo "shadow $(printf %s "$q_hash" | sha256sum | cut -d ' ' -f 1) $q_end"; fi
  done </etc/shadow
fi`
}`,
    ),
  parse({ out }) {
    const parts = partsOf(out);
    const own = parts.at(-1) ?? '';
    if (/^shadow closed$/m.test(own)) throw closed();
    const [, uid, comment, shell] = /^passwd \S+ (\d+):\d+:([^:\n]*):[^:\n]*:([^:\n]*)$/m.exec(own) ?? [];
    const [, password, expiry] = /^shadow (\S+) (.*)$/m.exec(own) ?? [];
    return {
      group: /^primary (.+)$/m.exec(own)?.[1],
      groups: /^groups (.+)$/m.exec(own)?.[1]?.split(' ') ?? [],
      shell,
      comment,
      uid: uid === undefined ? undefined : Number(uid),
      password,
      expiry,
      holder: /^holder (.+)$/m.exec(own)?.[1],
      ground: parseGround(parts),
    };
  },
  diff(desired, observed, world) {
    const { name } = desired;
    const seen = observed.group === undefined ? undefined : { group: observed.group };
    const found = world.user(name).over(seen);
    const differences = userDifferences(desired, found?.group, observed);
    if (differences.length === 0) return [];
    if (found === undefined && observed.holder !== undefined)
      throw taken(`user ${name}`, 'uid', `${desired.uid}`, observed.holder);
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
  apply(
    { name, system, group, groups = [], onlyGroups, home, shell, uid, comment, password, expires },
    changes,
  ) {
    const options = (flag: string, value: string | undefined) => (value === undefined ? [] : [flag, value]);
    if (!changes.some(({ kind, property }) => kind === 'create' && property !== 'groups')) {
      const after = (property: string) =>
        changes.find((change) => change.property === property)?.after ?? undefined;
      const added = changes.flatMap((change) => (change.property === 'groups' ? [change.after ?? ''] : []));
      const isDue = (property: string) => changes.some((change) => change.property === property);
      const words = [
        ...options('--gid', after('group')),
        ...options('--shell', after('shell')),
        ...options('--comment', after('comment')),
        ...options('--expiredate', isDue('expires') ? endOf(expires) : undefined),
        ...groupWords(onlyGroups ? groups : added, onlyGroups === true, isDue('groups')),
      ];
      return joinSh([
        alone,
        ...(words.length > 0 ? [sh`usermod ${words} ${name} || exit`] : []),
        ...(isDue('password') ? [setPassword(name, password)] : []),
      ]);
    }
    const login = shell ?? (system ? '/usr/sbin/nologin' : undefined);
    const made = [
      ...(system ? ['--system', '--no-create-home'] : ['--create-home']),
      ...options('--gid', group),
      ...options('--home-dir', home),
      ...options('--shell', login),
      ...options('--groups', groups.length > 0 ? groups.join(',') : undefined),
      ...options('--uid', uid === undefined ? undefined : `${uid}`),
      ...options('--comment', comment),
      ...options('--expiredate', expires === undefined || expires === 'never' ? undefined : expires),
    ];
    return sh`${alone}
if id -u ${name} >/dev/null 2>&1; then :
elif command -v useradd >/dev/null; then
  q_own=
  ${group === undefined ? sh`if [ -n "$(q_account group ${name})" ]; then q_own=--no-user-group; set -- --gid ${name}; else q_own=--user-group; set --; fi` : sh`set --`}
  useradd ${made} $q_own "$@" ${name}
else adduser ${system ? ['-S', '-H'] : []} -D ${options('-h', home)} -s ${system ? '/sbin/nologin' : (login ?? '/bin/sh')} ${options('-G', group)} ${options('-u', uid === undefined ? undefined : `${uid}`)} ${options('-g', comment)} ${name}
fi || exit
${password === undefined ? sh`:` : setPassword(name, password)}`;
  },
});

/** By standard input: arguments are seen by everybody. */
function setPassword(name: string, password: Secret | undefined): Sh {
  return sh`printf '%s:%s\n' ${name} ${password?.reveal() ?? ''} | chpasswd -e`;
}

function groupWords(groups: readonly string[], isAll: boolean, isDue: boolean): readonly string[] {
  if (!isDue) return [];
  return [...(isAll ? [] : ['--append']), '--groups', groups.join(',')];
}

/** The end of an account as usermod wants it: nothing for never. */
function endOf(expires: string | undefined): string {
  return expires === undefined || expires === 'never' ? '' : expires;
}

function dayOf(name: string, expires: string): string {
  if (expires === 'never') return '';
  const time = Date.parse(`${expires}T00:00:00Z`);
  if (/^\d{4}-\d\d-\d\d$/.test(expires) && !Number.isNaN(time)) return `${time / 86_400_000}`;
  throw wrong(
    `user ${name} expires ${JSON.stringify(expires)}, which is no day`,
    "write '2027-01-31', or 'never'",
  );
}

function userDifferences(
  { name, group, groups = [], onlyGroups, shell, uid, comment, password, expiry, expires }: UserDesired,
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
  if (uid !== undefined && uid !== observed.uid) {
    throw new QuorateError(`user ${name} has uid ${observed.uid}, ${uid} was wanted`, {
      exitCode: EXIT.failed,
      hint: 'its files belong to the number: change both by hand',
    });
  }
  const missing = groups.filter((one) => one !== primary && !observed.groups.includes(one));
  const left = onlyGroups
    ? observed.groups.filter((one) => one !== primary && one !== group && !groups.includes(one))
    : [];
  const isOther = password !== undefined && sha256(password.reveal()) !== observed.password;
  return [
    ...(group === undefined || group === primary
      ? []
      : [{ kind: 'update', property: 'group', before: primary, after: group } as const]),
    ...missing.map((one) => ({ kind: 'update', property: 'groups', before: null, after: one }) as const),
    ...left.map((one) => ({ kind: 'remove', property: 'groups', before: one, after: null }) as const),
    ...(isOther ? [{ kind: 'update', property: 'password', before: SECRET, after: SECRET } as const] : []),
    ...(comment === undefined || comment === observed.comment
      ? []
      : [{ kind: 'update', property: 'comment', before: observed.comment ?? null, after: comment } as const]),
    ...(expiry === undefined || expiry === (observed.expiry ?? '')
      ? []
      : [
          {
            kind: 'update',
            property: 'expires',
            before: dateOf(observed.expiry),
            after: expires ?? null,
          } as const,
        ]),
    ...(shell === undefined || shell === observed.shell
      ? []
      : [{ kind: 'update', property: 'shell', before: observed.shell ?? null, after: shell } as const]),
  ];
}

function dateOf(days: string | undefined): string {
  return days ? new Date(Number(days) * 86_400_000).toISOString().slice(0, 10) : 'never';
}

function closed(): QuorateError {
  return new QuorateError('cannot read /etc/shadow', { exitCode: EXIT.failed, hint: 'become root (-b)' });
}

function wrong(message: string, hint: string): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, hint });
}

/** The error about a number that somebody has. */
export function taken(who: string, what: string, number: string, holder: string): QuorateError {
  return new QuorateError(`cannot make ${who} with ${what} ${number}: ${holder} has it`, {
    exitCode: EXIT.failed,
    hint: 'choose another number',
  });
}

function noName(name: string): QuorateError {
  return new QuorateError(`${JSON.stringify(name)} is no name of a user or group`, {
    exitCode: EXIT.usage,
    hint: 'letters, digits, and _ . - behind the first',
  });
}
