import { alone } from '../dsl/alone.ts';
import { accountReads, parseGround, requireAccounts } from '../dsl/ground.ts';
import { is } from '../dsl/options.ts';
import { partsOf, probe } from '../dsl/probe.ts';
import { defineResource } from '../dsl/resource.ts';
import type { Secret } from '../dsl/secret.ts';
import { joinSh, type Sh, sh } from '../dsl/sh.ts';
import type { Change } from '../dsl/task.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { foreseeHome, newHomeRead, parseNewHome } from './new-home.ts';
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
 * Services on a host may share it, and be set up at the same time.
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
    uid: is.number,
    comment: is.text,
    password: is.secret,
    expires: is.text,
    home: is.text,
    shell: is.text,
  },
  complete: completeUser,
  name: ({ name }) => name,
  title: ({ name }) => `user ${name} exists`,
  owns: ({ name }) => [`user:${name}`],
  marks: ({ name }) => [accountMark('passwd', name)],
  leaves({ name }, changes) {
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
    const differences = userDifferences(desired, found?.group, observed);
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
  foresee({ name, group }, { newHome }, changes, world) {
    const isNew = isMade(changes);
    const primary = group ?? (isNew ? name : undefined);
    world.user(name).willBe(primary === undefined ? {} : { group: primary });
    if (!isNew) return;
    if (group === undefined) world.group(name).willBe({});
    if (newHome !== undefined) foreseeHome(newHome, name, group ?? name, world);
  },
  // A package may bring it otherwise than it is wanted.
  late: true,
  apply({ name, system, group, groups = [], home, shell, uid, comment, password, expires }, changes) {
    const options = (flag: string, value: string | undefined) => (value === undefined ? [] : [flag, value]);
    if (!isMade(changes)) {
      const after = (property: string) =>
        changes.find((change) => change.property === property)?.after ?? undefined;
      const added = changes.flatMap((change) => (change.property === 'groups' ? [change.after ?? ''] : []));
      const isDue = (property: string) => changes.some((change) => change.property === property);
      const leaves = changes.some(({ kind, property }) => kind === 'remove' && property === 'groups');
      const words = [
        ...options('--gid', after('group')),
        ...options('--shell', after('shell')),
        ...options('--comment', after('comment')),
        ...options('--expiredate', isDue('expires') ? endOf(expires) : undefined),
        ...(leaves ? ['--groups', groups.join(',')] : []),
      ];
      return joinSh([
        alone,
        ...(words.length > 0 ? [sh`usermod ${words} ${name} || exit`] : []),
        ...(leaves || added.length === 0 ? [] : [sh`${join(name, added)} || exit`]),
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
else adduser ${system ? ['-S', '-H'] : []} -D ${options('-h', home)} -s ${system ? '/sbin/nologin' : (login ?? '/bin/sh')} ${options('-G', group)} ${options('-u', uid === undefined ? undefined : `${uid}`)} ${options('-g', comment)} ${name}${groups.length > 0 ? sh` && ${join(name, groups)}` : sh``}
fi || exit
${password === undefined ? sh`:` : setPassword(name, password)}`;
  },
});

/** These changes make the user, and not only what it is like. */
function isMade(changes: readonly Change[]): boolean {
  return changes.some(({ kind, property }) => kind === 'create' && property !== 'groups');
}

/** By standard input: arguments are seen by everybody. */
function setPassword(name: string, password: Secret | undefined): Sh {
  return sh`printf '%s:%s\n' ${name} ${password?.reveal() ?? ''} | chpasswd -e`;
}

/** usermod knows users of /etc/passwd alone, gpasswd those of a directory as well; busybox has neither. */
function join(name: string, groups: readonly string[]): Sh {
  return sh`q_join() {
  if [ -n "$(sed -n ${`s/^${name.replace(/[.$]/g, '\\$&')}:.*/x/p`} /etc/passwd)" ] && command -v usermod >/dev/null; then usermod --append --groups ${groups.join(',')} ${name}
  else
    for q_group in ${groups}; do
      if command -v gpasswd >/dev/null; then gpasswd -a ${name} "$q_group"; else addgroup ${name} "$q_group"; fi || return
    done
  fi
}
q_join`;
}

/** Shells that are there to let nobody in. */
const NO_LOGIN = /\/(nologin|false)$/;

/** The end of an account as usermod wants it: nothing for never. */
function endOf(expires: string | undefined): string {
  return expires === undefined || expires === 'never' ? '' : expires;
}

function closed(): QuorateError {
  return new QuorateError('cannot read /etc/shadow', { exitCode: EXIT.failed, hint: 'become root (-b)' });
}
