import { unknownAfter } from '../../dsl/mark.ts';
import { checkedPath, SECRET, sha256 } from '../../dsl/path.ts';
import type { Difference } from '../../dsl/resource.ts';
import type { Secret } from '../../dsl/secret.ts';
import { sh } from '../../dsl/shell/sh.ts';
import type { Certainty, Mark } from '../../dsl/task.ts';
import type { UserState } from '../../dsl/world/foreseen.ts';
import type { Ground } from '../../dsl/world/ground.ts';
import { normalPath } from '../../dsl/world/normal-path.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { NewHome } from './new-home.ts';

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
  /** Its hash, as `openssl passwd -6` prints it. One that somebody has locked is open again by it. */
  readonly password?: Secret;
  /** The first day, as `2027-01-31`, on which it cannot log in any more; or `never`. */
  readonly expires?: string;
  /**
   * Of a new user. One who exists with another is an error, because files and login keys are there; that of a `system`
   * user stays as it is, which nothing but a login reads.
   */
  readonly home?: string;
  /** It must be on the host, or be brought by an earlier task: without it nobody could log in. */
  readonly shell?: string;
}

export interface UserDesired extends UserOptions {
  readonly name: string;
  /** Days since 1970; empty for never. */
  readonly expiry: string | undefined;
}

export interface ObservedUser {
  /** Name of the primary group; undefined without such a user. */
  readonly group: string | undefined;
  readonly groups: readonly string[];
  /** Those that `/etc/group` has it in by its name. */
  readonly member: readonly string[];
  /** `/etc/passwd` has it, and no directory like LDAP. */
  readonly local: boolean;
  readonly shell: string | undefined;
  readonly uid: number | undefined;
  readonly home: string | undefined;
  /** What a new one gets; undefined where none is made. */
  readonly newHome: NewHome | undefined;
  readonly comment: string | undefined;
  /** Digest of the hash of its password. */
  readonly password: string | undefined;
  /** Somebody has shut it off. */
  readonly locked: boolean;
  /** Nothing can be run by the name of the wanted shell. */
  readonly noShell: boolean;
  readonly expiry: string | undefined;
  /** Who has the wanted number. */
  readonly holder: string | undefined;
  readonly ground: Ground;
}

/** The wish in one form; throws exit code 1 for what no host could make true. */
export function completeUser(name: string, options: UserOptions): UserDesired {
  const names = [name, options.group, ...(options.groups ?? [])].filter((one) => one !== undefined);
  for (const one of names) if (!isAccountName(one)) throw noName(one);
  if (options.onlyGroups && options.groups === undefined)
    throw wrong(`user ${name} is to be in its groups alone, and has none`, 'name them: groups: []');
  const { comment, home, shell } = options;
  for (const [what, field] of Object.entries({ comment, home, shell }))
    if (field !== undefined && /[:\p{Cc}]/u.test(field))
      throw wrong(`the ${what} of user ${name} has a colon or a control character`, 'leave it out');
  const hash = options.password?.reveal();
  if (hash !== undefined && !/^(\$\w+\$\S{10,}|[!*]\S*)$/.test(hash))
    throw wrong(`the password of user ${name} is not a hash`, 'openssl passwd -6 makes one');
  const { expires } = options;
  return {
    name,
    ...options,
    ...(options.groups && { groups: [...new Set(options.groups)] }),
    ...(home !== undefined && { home: checkedPath(home) }),
    ...(shell !== undefined && { shell: checkedPath(shell) }),
    expiry: expires === undefined ? undefined : dayOf(name, expires),
  };
}

/** How one differs that is there, or will be (`found`); all of one who is not. */
export function userDifferences(
  desired: UserDesired,
  found: Partial<UserState> | undefined,
  observed: ObservedUser,
): readonly Difference[] {
  const { group, groups = [], onlyGroups, shell, comment, password, expiry, expires } = desired;
  const primary = found?.group;
  if (primary === undefined) return differencesOfNew(desired);
  // In the primary group that it leaves it is only by name from then on.
  const leaves = group !== undefined && group !== primary && !observed.member.includes(primary);
  const known = [group ?? primary, ...(found?.groups ?? []), ...observed.groups].filter(
    (one) => !(leaves && one === primary),
  );
  const missing = groups
    .filter((one) => !known.includes(one))
    .map((one) => ({ kind: 'update', property: 'groups', before: null, after: one }) as const);
  // Of a user that is still to be made by an earlier task nothing was seen.
  if (observed.group === undefined) return missing;
  requireSameFiles(desired, observed);
  const left = onlyGroups
    ? observed.member.filter((one) => one !== (group ?? primary) && !groups.includes(one))
    : [];
  const before = observed.locked ? 'locked' : SECRET;
  const isOther = password !== undefined && sha256(password.reveal()) !== observed.password;
  return [
    ...(group === undefined || group === primary
      ? []
      : [{ kind: 'update', property: 'group', before: primary, after: group } as const]),
    ...missing,
    ...left.map((one) => ({ kind: 'remove', property: 'groups', before: one, after: null }) as const),
    ...(isOther ? [{ kind: 'update', property: 'password', before, after: SECRET } as const] : []),
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

/** What a plan says of a user that is to be made: all that the role gives. */
function differencesOfNew(desired: UserDesired): readonly Difference[] {
  const { name, group, groups = [], uid, comment, password, expires, home, shell } = desired;
  const said: readonly (readonly [string, string | undefined])[] = [
    group === undefined ? ['name', name] : ['group', group],
    ...groups.map((one) => ['groups', one] as const),
    ['uid', uid === undefined ? undefined : `${uid}`],
    ['comment', comment],
    ['password', password && SECRET],
    ['expires', expires],
    ['home', home],
    ['shell', shell],
  ];
  return said.flatMap(([property, after]) =>
    after === undefined ? [] : [{ kind: 'create', property, before: null, after }],
  );
}

/** Refuse to change a user's number, which owns files, or home, which holds the login keys. */
function requireSameFiles({ name, uid, home, system }: UserDesired, observed: ObservedUser): void {
  const cannot = (found: string, hint: string) =>
    new QuorateError(`user ${name} has ${found} was wanted`, { exitCode: EXIT.failed, hint });
  if (uid !== undefined && uid !== observed.uid)
    throw cannot(`uid ${observed.uid}, ${uid}`, 'its files belong to the number: change both by hand');
  const isElsewhere = observed.home !== undefined && normalPath(home ?? '') !== normalPath(observed.home);
  if (home !== undefined && !system && isElsewhere)
    throw cannot(
      `the home ${observed.home}, ${home}`,
      `its files are there: name that one, or move it by hand (usermod --home ${home} --move-home ${name})`,
    );
}

function dateOf(days: string | undefined): string {
  return days ? new Date(Number(days) * 86_400_000).toISOString().slice(0, 10) : 'never';
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

function dayOf(name: string, expires: string): string {
  if (expires === 'never') return '';
  const time = Date.parse(`${expires}T00:00:00Z`);
  const days = `${time / 86_400_000}`;
  // The 30th of February is read as a day of March.
  if (/^\d{4}-\d\d-\d\d$/.test(expires) && time >= 0 && dateOf(days) === expires) return days;
  throw wrong(
    `user ${name} expires ${JSON.stringify(expires)}, which is not a day`,
    "write '2027-01-31', or 'never'",
  );
}

/** A number would be taken for that of somebody else. */
export function isAccountName(name: string): boolean {
  return /^[A-Za-z0-9_][\w.-]{0,30}\$?$/.test(name) && !/^\d+$/.test(name);
}

/** A directory is not ours to write to; groups of the host may have its users in them. */
export function requireLocal(name: string, differences: readonly Difference[]): void {
  const own = differences.find(({ kind, property }) => property !== 'groups' || kind === 'remove');
  if (own === undefined) return;
  throw new QuorateError(
    `cannot change the ${own.property} of user ${name}: it is not in /etc/passwd, but in a directory like LDAP`,
    { exitCode: EXIT.failed, hint: 'change it there; groups of the host may have it in them' },
  );
}

/** With a shell that is not there nobody gets in by SSH any more. */
export function requireShell({ name, shell }: UserDesired, noShell: boolean, world: World): Certainty {
  if (!noShell || shell === undefined || world.isProof) return 'certain';
  if (world.path(shell).state) return 'certain';
  if (world.bringsMore) return 'conditional';
  throw new QuorateError(`cannot give user ${name} the shell ${shell}: the host has none`, {
    exitCode: EXIT.failed,
    hint: 'it could not log in any more: declare the packages that bring it before',
  });
}

function noName(name: string): QuorateError {
  return new QuorateError(`${JSON.stringify(name)} is not the name of a user or group`, {
    exitCode: EXIT.usage,
    hint: 'letters, digits, and _ . - after the first; no number, and 32 of them at most',
  });
}

/** An account, with its groups: `passwd` of a user, `group`. */
export function accountMark(account: 'passwd' | 'group', name: string): Mark {
  const groups = account === 'passwd' ? sh`id -G ${name} 2>/dev/null` : sh`:`;
  return unknownAfter({
    name: `${account === 'passwd' ? 'user' : 'group'} ${name}`,
    beside: '/etc/passwd',
    look: sh`q_found=$(q_account ${account} ${name}; ${groups})
if [ -z "$q_found" ]; then q_found=gone; else q_found=$(printf %s "$q_found" | sha256sum); fi
echo "\${q_found%% *} $(stat -c %Y /etc/passwd /etc/group | sort -n | tail -n 1)"`,
  });
}
