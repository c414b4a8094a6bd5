import { isIP } from 'node:net';
import { normalize } from 'node:path';
import { isWildcard } from '../../addresses.ts';
import type { PlayProblem } from '../../dsl/play.ts';
import type { HostData } from '../../dsl/role.ts';
import { readDuration } from '../../pki/duration.ts';
import { hostPort, type Member, memberOf } from './cluster.ts';
import { hostSettingsProblems } from './flags.ts';
import { SET_ASIDE, setAsideHosts } from './set-aside.ts';
import { ETCD_VARS, type EtcdVar } from './vars.ts';

type Problem = PlayProblem & { readonly variable: EtcdVar };
type Listed = { readonly host: HostData; readonly member: Member };
type Dir = 'etcd_bin_dir' | 'etcd_config_dir' | 'etcd_cert_dir' | 'etcd_data_dir';

const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;
const SYSTEM =
  /^\/(bin|boot|dev|etc|home|lib|lib64|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|usr\/(bin|lib|local|sbin)|usr\/local\/bin|var|var\/(cache|lib|log|run|tmp))?$/;
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

function ofHost(listed: Listed): readonly Problem[] {
  return [...ofAddresses(listed), ...ofDirs(listed), ...ofLifetimes(listed), ...ofSettings(listed)];
}

function ofAddresses({ host, member }: Listed): readonly Problem[] {
  const { vars } = host;
  const problems: Problem[] = [];
  const tell = (variable: EtcdVar, message: string, hint: string) =>
    problems.push({ host: host.name, variable, message: `${variable} of ${host.name} ${message}`, hint });
  const { address, listenAddress } = member;
  if (isIP(address) === 0 && (!HOST_NAME.test(address) || /^[\d.]+$/.test(address)))
    tell('etcd_address', `must be an IP address or a name, found "${address}"`, PORT_HINT);
  if (isWildcard(address))
    tell(
      'etcd_address',
      `is ${address}, which nobody can connect to`,
      'it is what others reach the member at',
    );
  if (listenAddress !== undefined && isIP(listenAddress) === 0)
    tell('etcd_listen_address', `must be an IP address, found "${listenAddress}"`, PORT_HINT);
  if (vars.etcd_listen_address !== undefined && listenAddress !== undefined && isWildcard(listenAddress))
    tell(
      'etcd_listen_address',
      `is ${listenAddress}, which is no address of the host but all of them`,
      'leave it out: etcd_address is used, and one address is enough',
    );
  if (member.clientPort === member.peerPort)
    // The one that was set is where to look.
    tell(
      member.peerPort === ETCD_VARS.etcd_peer_port.default ? 'etcd_client_port' : 'etcd_peer_port',
      `is ${member.peerPort}, as is the other port`,
      '2379 for clients and 2380 for members are usual',
    );
  for (const cidr of list(vars.etcd_client_cidrs)) {
    const [ip = '', bits] = cidr.split('/');
    const most = isIP(ip) === 6 ? 128 : 32;
    if (isIP(ip) === 0 || Number(bits ?? most) > most)
      tell('etcd_client_cidrs', `has "${cidr}", which is no network`, 'write 10.0.52.0/24 or fd00::/64');
  }
  for (const san of list(vars.etcd_extra_sans))
    if (isIP(san) === 0 && (!HOST_NAME.test(san) || /^[\d.]+$/.test(san)))
      tell('etcd_extra_sans', `has "${san}", which is neither an IP address nor a name`, PORT_HINT);
  const url = String(vars.etcd_download_url ?? '');
  if (/^\w+:\/\//.test(url) && !/^(https?|file):\/\//.test(url))
    tell(
      'etcd_download_url',
      `must be https, http, file or a path, found "${url}"`,
      'name a mirror over https',
    );
  return problems;
}

const PORT_HINT = 'without a port: etcd_client_port and etcd_peer_port are for that';

function ofDirs({ host, member }: Listed): readonly Problem[] {
  const dirs = dirsOf(member);
  const problems: Problem[] = [];
  const hint = 'each has a directory of its own';
  for (const [i, [variable, path]] of dirs.entries()) {
    const message = `${variable} of ${host.name} is ${path}`;
    const own = variable === 'etcd_data_dir' || variable === 'etcd_cert_dir';
    if (own && SYSTEM.test(path))
      problems.push({ host: host.name, variable, message: `${message}, a directory of the system`, hint });
    for (const [other, otherPath] of dirs.slice(0, i)) {
      if (path === otherPath)
        problems.push({ host: host.name, variable, message: `${message}, as is ${other}`, hint });
      else if (variable === 'etcd_data_dir' && (inside(path, otherPath) || inside(otherPath, path)))
        problems.push({
          host: host.name,
          variable,
          message: `${message}, and ${other} is ${otherPath}: one lies in the other`,
          hint,
        });
    }
  }
  return problems;
}

function ofLifetimes({ host }: Listed): readonly Problem[] {
  const [life, before] = [duration(host.vars.etcd_cert_expiry), duration(host.vars.etcd_cert_renew_before)];
  if (life === undefined || before === undefined || before < life) return [];
  const message = `etcd_cert_renew_before of ${host.name} is no less than etcd_cert_expiry: every run would renew`;
  const hint = 'a third of the validity is usual';
  return [{ host: host.name, variable: 'etcd_cert_renew_before', message, hint }];
}

/** Without a version in the inventory, the running one is asked later, before anything is written. */
function ofSettings({ host }: Listed): readonly Problem[] {
  const { etcd_version: version } = host.vars;
  const problems = hostSettingsProblems(host, version === undefined ? undefined : String(version));
  return problems.map((problem) => ({ host: host.name, variable: 'etcd_settings', ...problem }));
}

/** Hosts with one address are one machine: ports and directories must differ, whatever the cluster. */
function ofMachines(all: readonly Listed[]): readonly Problem[] {
  const seen = new Map<string, string>();
  const problems: Problem[] = [];
  const claim = (host: string, variable: EtcdVar, what: string, hint: string) => {
    const first = seen.get(what);
    if (first === undefined) seen.set(what, host);
    else if (first !== host)
      problems.push({ host, variable, message: `${host} and ${first} both have ${what}`, hint });
  };
  for (const { host, member } of all) {
    const address = member.address.toLowerCase();
    const ports = 'give one of them another port, or its own etcd_address';
    claim(host.name, 'etcd_client_port', hostPort(address, member.clientPort), ports);
    claim(host.name, 'etcd_peer_port', hostPort(address, member.peerPort), ports);
    const written = dirsOf(member).filter(
      ([variable]) => variable !== 'etcd_bin_dir' || host.vars.etcd_source !== 'path',
    );
    for (const [variable, path] of written)
      claim(
        host.name,
        variable,
        `${path} on ${address}`,
        'what one member is given must not change for another',
      );
  }
  return problems;
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
  const near = all.filter(({ member }) => /^(127\.|::1$|localhost$)/.test(member.address));
  if (near.length < all.length)
    for (const { host, member } of near)
      problems.push({
        host: host.name,
        variable: 'etcd_address',
        message: `etcd_address of ${host.name} is ${member.address}, which other members of cluster ${cluster} cannot reach`,
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

function dirsOf({ binDir, configDir, certDir, dataDir }: Member): readonly (readonly [Dir, string])[] {
  const dirs = {
    etcd_bin_dir: binDir,
    etcd_config_dir: configDir,
    etcd_cert_dir: certDir,
    etcd_data_dir: dataDir,
  };
  return (Object.entries(dirs) as [Dir, string][]).map(([name, path]) => [name, tidy(path)]);
}

function tidy(path: string): string {
  return normalize(path).replace(/(.)\/+$/, '$1');
}

function inside(path: string, directory: string): boolean {
  return path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function duration(value: unknown): number | undefined {
  return typeof value === 'string' ? readDuration(value) : undefined;
}
