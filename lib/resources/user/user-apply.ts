import { alone } from '../../dsl/alone.ts';
import type { Secret } from '../../dsl/secret.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Change } from '../../dsl/task.ts';
import type { UserDesired } from './user-wish.ts';

/** Shell that makes a user, by shadow's useradd or busybox's adduser. */
export function makeUser(desired: UserDesired): Sh {
  const { name, system, group, groups = [], home, shell, uid, comment } = desired;
  const { password, expires, expiry = '' } = desired;
  const number = uid === undefined ? undefined : `${uid}`;
  const words = [
    ...(system ? ['--system', '--no-create-home'] : ['--create-home']),
    ...option('--gid', group),
    ...option('--home-dir', home),
    ...option('--shell', shell ?? (system ? '/usr/sbin/nologin' : undefined)),
    ...option('--groups', groups.length > 0 ? groups.join(',') : undefined),
    ...option('--uid', number),
    ...option('--comment', comment),
    ...option('--expiredate', expires === 'never' ? undefined : expires),
  ];
  const busybox = [
    ...(system ? ['-S', '-H'] : []),
    '-D',
    ...option('-h', home),
    ...['-s', shell ?? (system ? '/sbin/nologin' : '/bin/sh')],
    ...['-G', group ?? name],
    ...option('-u', number),
    ...option('-g', comment),
  ];
  return joinSh([
    sh`${alone}
if id -u ${name} >/dev/null 2>&1; then :
elif command -v useradd >/dev/null; then
  q_own=
  ${group === undefined ? sh`if [ -n "$(q_account group ${name})" ]; then q_own=--no-user-group; set -- --gid ${name}; else q_own=--user-group; set --; fi` : sh`set --`}
  useradd ${words} $q_own "$@" ${name}
else
  ${group === undefined ? sh`if [ -z "$(q_account group ${name})" ]; then addgroup ${system ? ['-S'] : []} ${name} || exit; fi` : sh`:`}
  adduser ${busybox} ${name} || exit
  ${groups.length > 0 ? sh`${join(name, groups)} || exit` : sh`:`}
  ${
    expires === undefined
      ? sh`:`
      : sh`${fieldSetter(name)}
  ${setField('/etc/shadow', 8, literal(expiry))}`
  }
fi || exit`,
    ...(password === undefined ? [] : [setPassword(name, password)]),
  ]);
}

/** Shell that changes what differs of a user who is there. */
export function changeUser({ name, groups = [], ...desired }: UserDesired, changes: readonly Change[]): Sh {
  const { password, expires, expiry = '' } = desired;
  const isDue = (property: string) => changes.some((change) => change.property === property);
  const after = (property: string) =>
    changes.find((change) => change.property === property)?.after ?? undefined;
  const ofGroups = changes.filter(({ property }) => property === 'groups');
  const added = ofGroups.flatMap((one) => one.after ?? []);
  const left = ofGroups.flatMap((one) => (one.after === null ? (one.before ?? []) : []));
  const [group, shell, comment] = [after('group'), after('shell'), after('comment')];
  const words = [
    ...option('--gid', group),
    ...option('--shell', shell),
    ...option('--comment', comment),
    ...option('--expiredate', isDue('expires') ? endOf(expires) : undefined),
    ...(left.length > 0 ? ['--groups', groups.join(',')] : []),
  ];
  const fields = [
    ...(group === undefined ? [] : [setField('/etc/passwd', 4, gidOf(group))]),
    ...(comment === undefined ? [] : [setField('/etc/passwd', 5, literal(comment))]),
    ...(shell === undefined ? [] : [setField('/etc/passwd', 7, literal(shell))]),
    ...(isDue('expires') ? [setField('/etc/shadow', 8, literal(expiry))] : []),
    ...left.map((one) => sh`delgroup ${name} ${one} || exit`),
  ];
  const change = sh`if command -v usermod >/dev/null; then usermod ${words} ${name} || exit
else
  ${fieldSetter(name)}
  ${joinSh(fields)}
fi`;
  return joinSh([
    alone,
    ...(words.length > 0 ? [change] : []),
    ...(added.length > 0 ? [sh`${join(name, added)} || exit`] : []),
    ...(isDue('password') ? [setPassword(name, password)] : []),
  ]);
}

function option(flag: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [flag, value];
}

/** By standard input: arguments are seen by everybody. */
function setPassword(name: string, password: Secret | undefined): Sh {
  return sh`printf '%s:%s\n' ${name} ${password?.reveal() ?? ''} | chpasswd -e`;
}

/** usermod knows users of /etc/passwd alone, gpasswd those of a directory as well; busybox has neither. */
function join(name: string, groups: readonly string[]): Sh {
  return sh`q_join() {
  if [ -n "$(sed -n ${`s/^${pattern(name)}:.*/x/p`} /etc/passwd)" ] && command -v usermod >/dev/null; then usermod --append --groups ${groups.join(',')} ${name}
  else
    for q_group in ${groups}; do
      if command -v gpasswd >/dev/null; then gpasswd -a ${name} "$q_group"; else addgroup ${name} "$q_group"; fi || return
    done
  fi
}
q_join`;
}

/** Shell function `q_field FILE NUMBER VALUE`, where there is no usermod: a field of the user's line becomes another. */
function fieldSetter(name: string): Sh {
  const [before, behind] = [`s/^\\(${pattern(name)}\\(:[^:]*\\)\\{`, '\\}:\\)[^:]*/\\1'];
  return sh`q_field() {
    q_lines=$(sed ${before}"$(($2 - 2))"${behind}"$3"/ "$1") && [ -n "$q_lines" ] &&
      printf '%s\n' "$q_lines" | q_write "$1" "$(stat -c %a -- "$1")" '' ''
  }`;
}

function setField(file: string, number: number, value: Sh): Sh {
  return sh`q_field ${file} ${number} ${value} || exit`;
}

/** A value as sed is to put it. */
function literal(value: string): Sh {
  return sh`${value.replace(/[\\/&]/g, '\\$&')}`;
}

function gidOf(group: string): Sh {
  return sh`"$(q_account group ${group} | sed 's/^group [^ ]* //; s/:.*//')"`;
}

/** A name as sed is to find it. */
function pattern(name: string): string {
  return name.replace(/[.$]/g, '\\$&');
}

/** The end of an account as usermod wants it: nothing for never. */
function endOf(expires: string | undefined): string {
  return expires === undefined || expires === 'never' ? '' : expires;
}
