import { is } from '../../dsl/options/options.ts';
import { defineResource } from '../../dsl/resource.ts';
import { partsOf, probe } from '../../dsl/shell/probe.ts';
import { sh } from '../../dsl/shell/sh.ts';
import type { Change } from '../../dsl/task.ts';
import { accountReads, parseGround, requireAccounts } from '../../dsl/world/ground.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { joinedUsers } from './joined.ts';
import { foreseeHome, newHomeRead, parseNewHome } from './new-home.ts';
import { changeUser, makeUser } from './user-apply.ts';
import {
  accountMark,
  completeUser,
  type ObservedUser,
  requireLocal,
  requireShell,
  taken,
  type UserDesired,
  type UserOptions,
  userDifferences,
} from './user-wish.ts';

/**
 * A user. What is not said of one who exists stays as it is; groups are added, and taken away only by `onlyGroups`.
 * Services on a host may share it, and be set up at the same time. Several tasks may each put it in groups of their own,
 * where they want nothing different of it otherwise.
 *
 * @example
 * user('web', { system: true, home: '/srv/www' })
 * user('ann', { groups: ['sudo'], shell: '/bin/bash' })
 */
export const user = defineResource<UserOptions, UserDesired, ObservedUser>({
  kind: 'user',
  options: {
    system: is.boolean,
    group: is.text,
    groups: is.list(is.text),
    onlyGroups: is.boolean,
    uid: is.count(),
    comment: is.text,
    password: is.secret,
    expires: is.text,
    home: is.text,
    shell: is.text,
  },
  complete: completeUser,
  join: joinedUsers,
  name: ({ name }) => name,
  title: ({ name }) => `user ${name} exists`,
  owns: ({ name }) => [`user:${name}`],
  provides: ({ home = [] }, found) =>
    found === undefined ? [] : [found.home ?? found.newHome?.path ?? home].flat(),
  marks: ({ name }) => [accountMark('passwd', name)],
  traces({ name }, changes) {
    return changes === undefined || isMade(changes) ? [{ kind: 'user', name }] : [];
  },
  probe: ({ name, system, group, groups = [], uid, password, expiry, home, shell }) =>
    probe(
      [group, ...groups].flatMap((one) => (one === undefined ? [] : accountReads({ group: one }))),
      sh`if id -u ${name} >/dev/null 2>&1; then
  # A number without a name is one, too.
  echo "primary $(id -gn ${name} 2>/dev/null)"; echo "groups $(id -Gn ${name} 2>/dev/null)"; q_account passwd ${name}
  while IFS=: read -r q_name q_rest || [ -n "$q_name" ]; do if [ "$q_name" = ${name} ]; then echo local; fi; done </etc/passwd
  while IFS=: read -r q_name q_word q_gid q_names || [ -n "$q_name" ]; do
    case ,$q_names, in *,${name},*) echo "member $q_name" ;; esac
  done </etc/group
${system ? sh`` : sh`else ${newHomeRead(name, home)}`}
fi
${uid === undefined ? sh`` : sh`echo "holder $(id -un ${uid} 2>/dev/null)"`}
${shell === undefined || NO_LOGIN.test(shell) ? sh`` : sh`[ -x ${shell} ] || echo 'no shell'`}
${
  password === undefined && expiry === undefined
    ? sh`:`
    : sh`if ! [ -r /etc/shadow ]; then echo 'shadow closed'; else
  while IFS=: read -r q_name q_hash q_day q_min q_max q_warn q_idle q_end q_rest || [ -n "$q_name" ]; do
    if [ "$q_name" = ${name} ]; then
      echo "shadow $(printf %s "$q_hash" | sha256sum | cut -d ' ' -f 1) $q_end"
      case $q_hash in '!$'*) echo locked ;; esac
    fi
  done </etc/shadow
fi`
}`,
    ),
  parse({ out }) {
    const parts = partsOf(out);
    const own = parts.at(-1) ?? '';
    if (/^shadow closed$/m.test(own)) throw closed();
    const [, uid, comment, home, shell] =
      /^passwd \S+ (\d+):\d+:([^:\n]*):([^:\n]*):([^:\n]*)$/m.exec(own) ?? [];
    const [, password, expiry] = /^shadow (\S+) (.*)$/m.exec(own) ?? [];
    return {
      group: /^primary (.+)$/m.exec(own)?.[1],
      groups: /^groups (.+)$/m.exec(own)?.[1]?.split(' ') ?? [],
      member: [...own.matchAll(/^member (.+)$/gm)].map(([, one = '']) => one),
      local: /^local$/m.test(own),
      locked: /^locked$/m.test(own),
      noShell: /^no shell$/m.test(own),
      shell,
      comment,
      uid: uid === undefined ? undefined : Number(uid),
      home,
      newHome: parseNewHome(own),
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
    const differences = userDifferences(desired, found, observed);
    if (differences.length === 0) return [];
    if (found === undefined && observed.holder !== undefined)
      throw taken(`user ${name}`, 'uid', `${desired.uid}`, observed.holder);
    for (const { property, after } of differences) {
      if (/^group/.test(property) && after !== null) {
        requireAccounts({ group: after }, observed.ground, world, `user ${name}`);
      }
    }
    if (seen !== undefined && !observed.local) requireLocal(name, differences);
    const shell =
      found === undefined || differences.some(({ property }) => property === 'shell')
        ? requireShell(desired, observed.noShell, world)
        : 'certain';
    const certainty = found === undefined && world.bringsMore ? 'conditional' : shell;
    return differences.map((one) => ({ certainty, ...one }));
  },
  foresee({ name, group, groups = [] }, { newHome }, changes, world) {
    const isNew = isMade(changes);
    const primary = group ?? (isNew ? name : undefined);
    const known = world.user(name).state?.groups ?? [];
    world
      .user(name)
      .willBe({ groups: [...known, ...groups], ...(primary !== undefined && { group: primary }) });
    if (!isNew) return;
    if (group === undefined) world.group(name).willBe({});
    if (newHome !== undefined) foreseeHome(newHome, name, group ?? name, world);
  },
  // A package may bring it otherwise than it is wanted.
  late: true,
  apply: (desired, changes) => (isMade(changes) ? makeUser(desired) : changeUser(desired, changes)),
});

/** These changes make the user, and not only what it is like. */
function isMade(changes: readonly Change[]): boolean {
  return changes.some(({ kind, property }) => kind === 'create' && property !== 'groups');
}

/** Shells that are there to let nobody in. */
const NO_LOGIN = /\/(nologin|false)$/;

function closed(): QuorateError {
  return new QuorateError('cannot read /etc/shadow', { exitCode: EXIT.failed, hint: 'become root (-b)' });
}
