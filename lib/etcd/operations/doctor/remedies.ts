import { commandLine } from '../../../command-line.ts';
import { quote } from '../../../dsl/shell/sh.ts';
import { fromHere } from '../../../paths.ts';
import { etcdctlLine } from '../../etcdctl-line.ts';
import type { Member } from '../../model/cluster.ts';
import { logFile, pidFile } from '../../model/paths.ts';
import type { RoleName } from '../../model/role-names.ts';
import { SET_ASIDE } from '../../model/set-aside.ts';
import { type NamedCluster, verbLine } from '../../verb-line.ts';
import type { About } from './about.ts';

/** Steps in their order: `on HOST: COMMAND`, a playbook of ours, or what to do in words. */
export type Remedy = readonly string[];

const SITE = commandLine('site');

/** Looks again. */
export const DOCTOR = commandLine('doctor');

/**
 * The playbook: of its roles those that put a thing right, and the one that starts a member which does not run. Where
 * others must not be started as they are, it is about this one, and those that rest with it.
 */
export function site(about: Site, ...roles: readonly RoleName[]): string {
  const { isReady, replaced = [], resting = [], member } = about;
  const wanted: readonly RoleName[] =
    roles.length === 0 || isReady ? roles : [...new Set<RoleName>([...roles, 'systemd'])];
  const apart = member && replaced.length > 0 && !replaced.includes(member.host);
  const hosts = apart && resting.includes(member.host) ? resting : [member?.host];
  const limit = apart ? [`-l ${quote(hosts.join(','))}`] : [];
  return [SITE, ...wanted.map((role) => `-r ${role}`), ...limit].join(' ');
}

type Site = Pick<About, 'isReady'> & Partial<Pick<About, 'replaced' | 'resting' | 'member'>>;

/**
 * The same for what a member loads at its start: of one that runs and is sick the gate would not let a turn begin, so
 * it is stopped first.
 */
export function anew(about: About, ...roles: readonly RoleName[]): Remedy {
  const again = site({ ...about, isReady: false }, ...roles);
  return about.mayRun && !about.works ? [on(about.member, stopCommand(about.member)), again] : [again];
}

/** Commands for a member's host, on one line. */
export function on({ host, local }: Member, ...commands: readonly string[]): string {
  return `${local ? 'here' : `on ${host}`}: ${commands.join('; ')}`;
}

/** Starts it anew; systemd forgets the starts that failed, and waits for nobody. One that works is left alone. */
export function start(about: About): string {
  const { member, works } = about;
  if (works) return DOCTOR;
  return member.manager === 'process' ? site(about) : on(member, ...startCommands(member));
}

/** `commands` on the host, and its member is started where it does not work. */
export function mend(about: About, ...commands: readonly string[]): Remedy {
  const { member, works } = about;
  if (works) return [on(member, ...commands), DOCTOR];
  return member.manager === 'process'
    ? [on(member, ...commands), site(about)]
    : [on(member, ...commands, ...startCommands(member))];
}

function startCommands({ service }: Member): readonly string[] {
  return [`systemctl reset-failed ${service}`, `systemctl restart --no-block ${service}`];
}

/** Files and folders are given to the user that etcd runs as. */
export function own(about: About, ...paths: readonly string[]): Remedy {
  const { member } = about;
  const { user, group } = member;
  if (user === undefined || group === undefined) return [site(about)];
  return mend(about, `chown -R ${user}:${group} ${paths.map((one) => path(member, one)).join(' ')}`);
}

/** Drop-ins of somebody else stay beside where they were, under another name. */
export function withoutDropIns(about: About, dropIns: readonly string[]): Remedy {
  const away = dropIns.map((file) => `mv ${quote(file)} ${quote(`${file}.off`)}`);
  return mend({ ...about, works: false }, ...away, 'systemctl daemon-reload');
}

/** etcdctl on the host of a member that answers, one step a command. */
export function etcdctl({ asker, version }: About, ...commands: readonly string[]): Remedy {
  return commands.map((command) => on(asker, etcdctlLine(asker, [asker.clientUrl], command, [version])));
}

/**
 * In the place of each that is beyond repair comes a new one, all by one run: while one of them waits, nobody is added.
 * Others come up first, since nobody is added either while they rest. Without a quorum in sight that is no way.
 */
export function replace(about: About): Remedy {
  const { member, cluster, replaced, resting, hopeless, neverStarted } = about;
  if (hopeless) return recover(about);
  if (neverStarted) return [`${SITE} --${SET_ASIDE} ${quote(member.host)}`, members(about)];
  const hosts = replaced.includes(member.host) ? replaced : [...replaced, member.host];
  return [
    ...(resting.length > 0 ? [`${SITE} -l ${quote(resting.join(','))}`] : []),
    verbLine('members', cluster, '--replace', hosts.join(',')),
  ];
}

/** Closes what differs between the inventory and the list of members; 3.3 pauses where a second one comes. */
export function members({ cluster, replaced, voters, version = '' }: About): string {
  const words = replaced.length > 0 ? ['--replace', replaced.join(',')] : [];
  const pauses = voters === 1 && /^3\.[0-3]\./.test(version);
  return verbLine('members', cluster, ...words, ...(pauses ? ['--accept-downtime'] : []));
}

/** Out of the cluster, for good. `word` is a host, or a member's name or ID. */
export function remove(cluster: NamedCluster, word: string): string {
  return verbLine('members', cluster, '--remove', word);
}

/** From what a host still has; of a snapshot where none has anything. */
export function recover({ cluster, copies, damaged }: About): Remedy {
  const [best] = copies;
  if (best === undefined) return restore(cluster);
  const lost = damaged.length > 0 ? ['--lost', damaged.join(',')] : [];
  return [
    ...(copies.length > 1
      ? [`${verbLine('recover', cluster, '--check', ...lost)} shows what each host and snapshot has`]
      : []),
    verbLine('recover', cluster, '--from', best.host, ...lost),
  ];
}

/** All members get the same data. */
export function restore(cluster: NamedCluster): Remedy {
  return [
    `${verbLine('backup', cluster, '--list')} shows the snapshots`,
    verbLine('restore', cluster, '--from', 'FILE'),
  ];
}

/** Shell that ends it. */
export function stopCommand(member: Member): string {
  return member.manager === 'process'
    ? `kill "$(cut -d ' ' -f 1 ${path(member, pidFile(member))})"`
    : `systemctl stop ${member.service}`;
}

/** A path for a command: as short as it is from here, where the command is for this machine. */
export function path({ local }: Member, name: string): string {
  return quote(local ? fromHere(name) : name);
}

/** The last lines that a member has written. */
export function journalCommand(member: Member): string {
  if (member.manager === 'process') return `tail -n 50 ${path(member, logFile(member))}`;
  return `journalctl -u ${member.service} -n 50`;
}
