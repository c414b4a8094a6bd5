import { isLoopback } from '../../addresses.ts';
import { commandLine } from '../../command-line.ts';
import type { PlayProblem } from '../../dsl/play.ts';
import type { HostData } from '../../dsl/role.ts';
import { readDuration } from '../../duration.ts';
import { ofAddresses } from './address-problems.ts';
import { memberOf } from './cluster.ts';
import { ofDirs } from './dir-problems.ts';
import type { Listed, Problem } from './listed.ts';
import { ofMachines } from './machine-problems.ts';
import { SET_ASIDE, setAsideHosts } from './set-aside.ts';
import { ofSettings } from './setting-problems.ts';
import { sharedPki } from './shared-pki.ts';
import { ETCD_VARS, type EtcdVar } from './vars.ts';

/** Members share one folder of certificates, made by one set of rules. */
const OF_CLUSTER = [
  'etcd_version',
  'etcd_pki_dir',
  'etcd_key_type',
  'etcd_ca_expiry',
  'etcd_cert_expiry',
  'etcd_cert_renew_before',
] as const satisfies readonly EtcdVar[];

/** What each variable allows by itself, and what is wrong with them together: seen before any contact. */
export function modelProblems(hosts: readonly HostData[]): readonly PlayProblem[] {
  const all = hosts.map((host) => ({ host, member: memberOf(host) }));
  const clusters = [...new Set(all.map(({ member }) => member.cluster))];
  return [
    ...ofSetAside(hosts),
    ...ofNames(all),
    ...all.flatMap(ofHost),
    ...ofMachines(all),
    ...ofPki(hosts),
    ...clusters.flatMap((name) => ofCluster(all.filter(({ member }) => member.cluster === name))),
  ];
}

/** A misspelt host must not pass for one that has nothing to set aside. */
function ofSetAside(hosts: readonly HostData[]): readonly PlayProblem[] {
  const [first] = hosts;
  if (first === undefined) return [];
  const names = hosts.map(({ name }) => name);
  const unknown = setAsideHosts(first.vars).filter((name) => !names.includes(name));
  return unknown.map((name) => ({
    host: first.name,
    message: `--${SET_ASIDE} names no host of the play: ${name}`,
    hint: `one of ${names.join(', ')}`,
  }));
}

/**
 * A cluster without a name is called after its inventory file: that must be a name, and the only one, or members that
 * stand in several files would be planned as clusters of their own.
 */
function ofNames(all: readonly Listed[]): readonly Problem[] {
  const { pattern, maxLength } = ETCD_VARS.etcd_cluster_name;
  const unnamed = all.filter(({ host }) => host.vars.etcd_cluster_name === undefined);
  const hint = 'set etcd_cluster_name for all its hosts, below vars: of the group';
  const problem = ({ host }: Listed, message: string): Problem => ({
    host: host.name,
    variable: 'etcd_cluster_name',
    message,
    hint,
  });
  const fileOf = ({ host: { vars } }: Listed) =>
    `${String(vars.inventory_dir ?? '.')}/${String(vars.inventory_file ?? 'etcd')}`;
  const bad = unnamed.find(
    ({ member: { cluster } }) => !new RegExp(pattern).test(cluster) || cluster.length > maxLength,
  );
  const [first] = unnamed;
  const other = first && unnamed.find((one) => fileOf(one) !== fileOf(first));
  return [
    ...(bad
      ? [
          problem(
            bad,
            `the inventory file gives the cluster no usable name: ${JSON.stringify(bad.member.cluster)}`,
          ),
        ]
      : []),
    ...(first && other
      ? [
          problem(
            other,
            `the hosts of group etcd stand in ${fileOf(first)} and ${fileOf(other)}, and no etcd_cluster_name joins them`,
          ),
        ]
      : []),
  ];
}

function ofPki(hosts: readonly HostData[]): readonly Problem[] {
  return sharedPki(hosts).map(({ host, clusters: [first, second], dir }) => ({
    host,
    variable: 'etcd_pki_dir',
    level: 'warning',
    message: `clusters ${first} and ${second} both have ${dir}: clients of one are let into the other, and its CA cannot be rotated`,
    hint: 'set etcd_pki_dir for one cluster, or leave it out',
  }));
}

function ofHost(listed: Listed): readonly Problem[] {
  return [
    ...ofAddresses(listed),
    ...ofDirs(listed),
    ...ofMemberName(listed),
    ...ofLifetimes(listed),
    ...ofSettings(listed),
    ...ofSchedule(listed),
  ];
}

/** What ends a name in the list of members or in a file of ours, or is read by systemd as something else. */
const UNFIT = /[\s\p{C}"'\\/,=%$*?[\]{}]/u;

/** A member without a name is called after its host, which may be called what no member can be. */
function ofMemberName({ host, member }: Listed): readonly Problem[] {
  if (!UNFIT.test(member.name)) return [];
  const message = `the inventory gives the member of this host no usable name: ${JSON.stringify(member.name)}`;
  const hint = 'set etcd_member_name for it: letters, digits, dots, underscores and dashes';
  return [{ host: host.name, variable: 'etcd_member_name', message, hint }];
}

function ofLifetimes({ host }: Listed): readonly Problem[] {
  const [life, before] = [duration(host.vars.etcd_cert_expiry), duration(host.vars.etcd_cert_renew_before)];
  if (life === undefined || before === undefined || before < life) return [];
  const message = `etcd_cert_renew_before of ${host.name} is no less than etcd_cert_expiry: every run would renew`;
  const hint = 'a third of the validity is usual';
  return [{ host: host.name, variable: 'etcd_cert_renew_before', message, hint }];
}

/** Copies, and what encrypts them, are for control. A plain process has no timer beside it. */
function ofSchedule({ host, member }: Listed): readonly Problem[] {
  const { etcd_backup_schedule: schedule, etcd_backup_age_recipients: recipients } = host.vars;
  if (schedule === undefined) return [];
  const asksCopies = /(^|\s)--|:\/\//.test(String(schedule));
  if (asksCopies || (Array.isArray(recipients) && recipients.length > 0))
    return [
      {
        host: host.name,
        variable: asksCopies ? 'etcd_backup_schedule' : 'etcd_backup_age_recipients',
        message: `the timer of etcd_backup_schedule on ${host.name} makes no copies and encrypts nothing: snapshots stay on the hosts`,
        hint: `have cron or CI run ${commandLine('backup')} --to PLACE --encrypt-to KEY, and leave ${asksCopies ? 'only a time in etcd_backup_schedule' : 'etcd_backup_age_recipients out'}`,
      },
    ];
  if (member.manager === 'systemd') return [];
  return [
    {
      host: host.name,
      variable: 'etcd_backup_schedule',
      message: `etcd_backup_schedule of ${host.name} wants a timer of systemd, and its member is a plain process`,
      hint: `leave it out, and have ${commandLine('backup')} run by cron or CI`,
    },
  ];
}

function ofCluster(all: readonly Listed[]): readonly Problem[] {
  const problems: Problem[] = [];
  const [first] = all;
  if (first === undefined) return [];
  const { cluster } = first.member;
  const names = new Map<string, string>();
  for (const { host, member } of all) {
    const other = names.get(member.name);
    if (other !== undefined)
      problems.push({
        host: host.name,
        variable: 'etcd_member_name',
        message: `${host.name} and ${other} are both called ${member.name} in cluster ${cluster}`,
        hint: 'etcd_member_name belongs to a host, not to a group',
      });
    names.set(member.name, host.name);
    for (const variable of OF_CLUSTER)
      if (host.vars[variable] !== first.host.vars[variable])
        problems.push({
          host: host.name,
          variable,
          message: `${variable} is ${host.vars[variable] ?? 'not set'} on ${host.name} and ${first.host.vars[variable] ?? 'not set'} on ${first.host.name}, both of cluster ${cluster}`,
          hint: 'say it once, below vars: of the group',
        });
  }
  const near = all.filter(({ member }) => isLoopback(member.peerAddress));
  if (near.length < all.length)
    for (const { host, member } of near)
      problems.push({
        host: host.name,
        variable: member.peerAddress === member.address ? 'etcd_address' : 'etcd_peer_address',
        message: `${member.peerAddress === member.address ? 'etcd_address' : 'etcd_peer_address'} of ${host.name} is ${member.peerAddress}, which other members of cluster ${cluster} cannot reach`,
        hint: 'set etcd_address to one that all members reach',
      });
  if (all.length % 2 === 0)
    problems.push({
      host: first.host.name,
      variable: 'etcd_cluster_name',
      level: 'warning',
      message: `cluster ${cluster} has ${all.length} members: one fewer would stand as many failures`,
      hint: 'an odd number is usual: 3 or 5',
    });
  return problems;
}

function duration(value: unknown): number | undefined {
  return typeof value === 'string' ? readDuration(value) : undefined;
}
