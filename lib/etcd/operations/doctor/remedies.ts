import { commandLine } from '../../../command-line.ts';
import { quote } from '../../../dsl/sh.ts';
import { fromHere } from '../../../paths.ts';
import { etcdctlLine } from '../../etcdctl-line.ts';
import { type Member, quorum } from '../../model/cluster.ts';
import { logFile, pidFile } from '../../model/paths.ts';
import type { About } from './about.ts';

/** Steps in their order: `on HOST: COMMAND`, a playbook of ours, or what to do in words. */
export type Remedy = readonly string[];

const SITE = commandLine('site');

/** Looks again. */
export const DOCTOR = commandLine('doctor');

/** The playbook: of its roles those that put a thing right, and the one that starts a member which does not run. */
export function site({ up }: Pick<About, 'up'>, ...roles: readonly string[]): string {
  const wanted = roles.length === 0 || up ? roles : [...new Set([...roles, 'systemd'])];
  return [SITE, ...wanted.map((role) => `-r ${role}`)].join(' ');
}

/**
 * The same for what a member loads at its start: of one that runs and is sick the gate would not let a turn begin, so
 * it is stopped first.
 */
export function anew(about: About, ...roles: readonly string[]): Remedy {
  const again = site({ up: false }, ...roles);
  return about.isUp ? [on(about.member, stopCommand(about.member)), again] : [again];
}

/** Commands for a member's host, on one line. */
export function on({ host, local }: Member, ...commands: readonly string[]): string {
  return `${local ? 'here' : `on ${host}`}: ${commands.join('; ')}`;
}

/** Starts it anew; systemd forgets the starts that failed, and waits for nobody. */
export function start(about: About): string {
  const { member } = about;
  return member.manager === 'process' ? site(about) : on(member, ...startCommands(member));
}

/** `commands` on the host, and its member is started. */
export function mend(about: About, ...commands: readonly string[]): Remedy {
  const { member } = about;
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

/** etcdctl on the host of a member that answers, one step a command. */
export function etcdctl({ asker, version }: About, ...commands: readonly string[]): Remedy {
  return commands.map((command) => on(asker, etcdctlLine(asker, [asker.clientUrl], command, [version])));
}

/** Out of the cluster, and in again without data: the others bring it up to date. */
export function replace(about: About): Remedy {
  return [
    ...cleared(about),
    ...etcdctl(about, `member remove ${quote(about.id)}`, addition(about, about.voters - 1)),
    ...joined(about, about.voters - 1),
  ];
}

/** For a member that the cluster does not list, or not any more. */
export function add(about: About): Remedy {
  return [
    ...cleared(about),
    ...etcdctl(about, addition(about, about.voters)),
    ...joined(about, about.voters),
  ];
}

/** What it has makes way and is kept beside: on the same disk, where the directory is one of its own. */
function cleared({ member, isMount, hasService, hasData }: About): Remedy {
  const { dataDir } = member;
  const [from, to] = isMount ? [`${dataDir}/member`, `${dataDir}/kept`] : [dataDir, `${dataDir}.kept`];
  const commands = [
    ...(hasService ? [stopCommand(member)] : []),
    ...(hasData ? [`mv ${path(member, from)} ${path(member, to)}-$(date +%s)`] : []),
  ];
  return commands.length > 0 ? [on(member, ...commands)] : [];
}

/** Shell that ends it. */
export function stopCommand(member: Member): string {
  return member.manager === 'process'
    ? `kill "$(cut -d ' ' -f 1 ${path(member, pidFile(member))})"`
    : `systemctl stop ${member.service}`;
}

/** As a learner where one vote more would leave no quorum until it runs. */
function addition({ member: { name, peerUrl }, healthy }: About, voters: number): string {
  const learner = healthy < quorum(voters + 1) ? ' --learner' : '';
  return `member add ${quote(name)}${learner} --peer-urls=${quote(peerUrl)}`;
}

function joined(about: About, voters: number): Remedy {
  if (about.healthy >= quorum(voters + 1)) return [SITE];
  return [
    `${SITE}: it ends with 7, of a learner`,
    ...etcdctl(about, 'member list'),
    ...etcdctl(about, 'member promote ID').map((step) => `with the ID that it has there: ${step}`),
  ];
}

/** From the database of the member that has the most left, on all hosts at once: a new cluster with the old keys. */
export function restore({ members, copies, version = '' }: About): Remedy {
  const [source] = copies;
  if (source === undefined) return ['restore the cluster from a snapshot; no host has data'];
  const file = source.manager === 'process' ? '/tmp/etcd-kept.db' : '/root/etcd-kept.db';
  const token = `restored-${Math.floor(Date.now() / 1000)}`;
  const cluster = members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  const tool = /^3\.[34]\./.test(version) ? 'etcdctl' : 'etcdutl';
  const bump = /^3\.(?:[6-9]|\d\d)\./.test(version) ? ' --bump-revision 1000000000 --mark-compacted' : '';
  const each = members.map((member) => {
    const { name, peerUrl, dataDir, binDir, user, group } = member;
    const data = path(member, dataDir);
    return on(
      member,
      stopCommand(member),
      `if [ -e ${data} ]; then mv ${data} ${data}.kept-$(date +%s); fi`,
      `ETCDCTL_API=3 ${path(member, `${binDir}/${tool}`)} snapshot restore ${file} --skip-hash-check${bump} --name ${quote(name)} --data-dir ${data} --initial-cluster ${quote(cluster)} --initial-cluster-token ${token} --initial-advertise-peer-urls ${quote(peerUrl)}`,
      ...(user === undefined ? [] : [`chown -R ${user}:${group} ${data}`]),
    );
  });
  const others = members.filter(({ host }) => host !== source.host).map(({ host }) => host);
  return [
    on(source, stopCommand(source), `cp ${path(source, `${source.dataDir}/member/snap/db`)} ${file}`),
    ...(source.local
      ? []
      : [`copy ${file} from ${source.host} to the same place on ${others.join(' and ')}`]),
    ...each,
    SITE,
  ];
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
