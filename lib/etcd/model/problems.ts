import { isIP } from 'node:net';
import { dirname, normalize } from 'node:path';
import { isWildcard } from '../../addresses.ts';
import type { PlayProblem } from '../../dsl/play.ts';
import type { HostData } from '../../dsl/role.ts';
import { SET_ASIDE } from '../survey/set-aside.ts';
import { hostPort, type Member, memberOf } from './cluster.ts';
import { hostSettingsProblems, type SettingProblem } from './flags.ts';
import { isLoopbackUrl, listenUrls } from './settings.ts';
import { ETCD_VARS, type EtcdVar } from './vars.ts';

type Problem = PlayProblem & { readonly variable: EtcdVar };
type Listed = { readonly host: HostData; readonly member: Member };
type Dir = 'etcd_bin_dir' | 'etcd_config_dir' | 'etcd_cert_dir' | 'etcd_data_dir' | 'etcd_wal_dir';

const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;
const SYSTEM =
  /^\/(bin|boot|dev|etc|home|lib|lib64|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|usr\/(bin|lib|local|sbin)|usr\/local\/bin|var|var\/(cache|lib|log|run|tmp))?$/;
/** Directories that the member itself writes: nothing of ours lies in them, and they in nothing of ours. */
const HOLD_DATA: readonly Dir[] = ['etcd_data_dir', 'etcd_wal_dir'];
/** Members share one folder of certificates, made by one set of rules. */
const OF_CLUSTER = [
  'etcd_version',
  'etcd_pki_dir',
  'etcd_key_type',
  'etcd_ca_expiry',
  'etcd_cert_expiry',
  'etcd_cert_renew_before',
] as const satisfies readonly EtcdVar[];
const SECONDS: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** What each variable allows by itself, and what is wrong with them together: seen before any contact. */
export function modelProblems(hosts: readonly HostData[]): readonly PlayProblem[] {
  const all = hosts.map((host) => ({ host, member: memberOf(host) }));
  const clusters = [...new Set(all.map(({ member }) => member.cluster))];
  return [
    ...ofSetAside(hosts),
    ...all.flatMap(ofHost),
    ...ofMachines(all),
    ...clusters.flatMap((name) => ofCluster(all.filter(({ member }) => member.cluster === name))),
  ];
}

/** A misspelt host must not pass for one that has nothing to set aside. */
function ofSetAside(hosts: readonly HostData[]): readonly PlayProblem[] {
  const [first] = hosts;
  const wanted = first?.vars[SET_ASIDE];
  if (first === undefined || wanted === undefined || hosts.some(({ name }) => name === wanted)) return [];
  const names = hosts.map(({ name }) => name).join(', ');
  return [
    {
      host: first.name,
      message: `--${SET_ASIDE} names no host of the play: ${String(wanted)}`,
      hint: `one of ${names}`,
    },
  ];
}

function ofHost(listed: Listed): readonly Problem[] {
  return [
    ...ofAddresses(listed),
    ...ofDirs(listed),
    ...ofWalDir(listed),
    ...ofLifetimes(listed),
    ...ofSettings(listed),
  ];
}

function ofAddresses({ host, member }: Listed): readonly Problem[] {
  const { vars } = host;
  const problems: Problem[] = [];
  const tell = (variable: EtcdVar, message: string, hint: string) =>
    problems.push({ host: host.name, variable, message: `${variable} of ${host.name} ${message}`, hint });
  const { address, listenAddress } = member;
  if (isIP(address) === 0 && !isName(address))
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
  const { peerAddress } = member;
  if (peerAddress !== address && isIP(peerAddress) === 0 && !isName(peerAddress))
    tell('etcd_peer_address', `must be an IP address or a name, found "${peerAddress}"`, PORT_HINT);
  for (const [variable, value] of [
    ['etcd_peer_address', member.peerAddress],
    ['etcd_peer_listen_address', member.peerListenAddress],
  ] as const) {
    if (vars[variable] === undefined || value === undefined) continue;
    if (isWildcard(value))
      tell(
        variable,
        `is ${value}, which is no address of the host but all of them`,
        'name the one that members reach it at',
      );
    else if (variable === 'etcd_peer_listen_address' && isIP(value) === 0)
      tell(variable, `must be an IP address, found "${value}"`, PORT_HINT);
  }
  if (member.metricsPort === member.clientPort || member.metricsPort === member.peerPort)
    tell('etcd_metrics_port', `is ${member.metricsPort}, as is another port`, '2381 is usual');
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
    if (isIP(san) === 0 && !isName(san))
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
      else if (HOLD_DATA.includes(variable) && (inside(path, otherPath) || inside(otherPath, path)))
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

/** The parent of the raft log is handed to the member: it must hold nothing that others rely on. */
function ofWalDir({ host, member }: Listed): readonly Problem[] {
  if (member.walDir === undefined) return [];
  const path = tidy(member.walDir);
  const parent = dirname(path);
  const others = dirsOf(member).filter(([variable]) => !HOLD_DATA.includes(variable));
  const shared = others.find(([, other]) => other === parent || inside(other, parent));
  const why = shared
    ? `${shared[0]} is ${shared[1]}`
    : parent === '/' || SYSTEM.test(parent)
      ? `${parent} is a directory of the system`
      : undefined;
  if (why === undefined) return [];
  return [
    {
      host: host.name,
      variable: 'etcd_wal_dir',
      message: `etcd_wal_dir of ${host.name} is ${path}: its parent becomes the member's, and ${why}`,
      hint: `a folder of its own above it will do: ${path}/wal`,
    },
  ];
}

function ofLifetimes({ host }: Listed): readonly Problem[] {
  const [life, before] = [seconds(host.vars.etcd_cert_expiry), seconds(host.vars.etcd_cert_renew_before)];
  if (life === undefined || before === undefined || before < life) return [];
  const message = `etcd_cert_renew_before of ${host.name} is no less than etcd_cert_expiry: every run would renew`;
  const hint = 'a third of the validity is usual';
  return [{ host: host.name, variable: 'etcd_cert_renew_before', message, hint }];
}

/** Without a version in the inventory, the running one is asked later, before anything is written. */
function ofSettings({ host, member }: Listed): readonly Problem[] {
  const { etcd_version: version } = host.vars;
  const settings = (host.vars.etcd_settings ?? {}) as Readonly<Record<string, unknown>>;
  const problems = [
    ...hostSettingsProblems(host, version === undefined ? undefined : String(version)),
    ...[...ofLogFiles(member), ...ofUrls(member, settings), ...ofAllowedNames(host, member)].map(
      (problem) => ({
        ...problem,
        message: `etcd_settings of ${host.name}: ${problem.message}`,
      }),
    ),
  ];
  return problems.map((problem) => ({ host: host.name, variable: 'etcd_settings', ...problem }));
}

/** The directory of a log becomes the member's: etcd opens and rotates it by itself. */
function ofLogFiles(member: Member): readonly SettingProblem[] {
  return member.logFiles.flatMap((path) => {
    const dir = dirname(tidy(path));
    const shared = dirsOf(member).find(
      ([, other]) => other === dir || inside(other, dir) || inside(dir, other),
    );
    const why = shared
      ? `${shared[0]} is ${shared[1]}`
      : dir === '/' || SYSTEM.test(dir)
        ? `${dir} is a directory of the system`
        : undefined;
    if (why === undefined) return [];
    return [
      {
        message: `log-outputs has ${path}: its directory becomes the member's, and ${why}`,
        hint: `a directory of its own will do: /var/log/${member.service}/etcd.log`,
      },
    ];
  });
}

/** Members ask and are asked with certificates of their own: a name that those lack shuts all of them out. */
function ofAllowedNames({ vars }: HostData, { name, address }: Member): readonly SettingProblem[] {
  const settings = (vars.etcd_settings ?? {}) as Readonly<Record<string, unknown>>;
  const common = ['localhost', ...list(vars.etcd_extra_sans)];
  const carried = {
    'client-cert-allowed-hostname': [...common, name, address],
    'peer-cert-allowed-hostname': common,
  };
  return Object.entries(carried).flatMap(([setting, names]) => {
    const allowed = String(settings[setting] ?? '').split(',');
    if (settings[setting] === undefined || allowed.some((one) => names.includes(one.trim()))) return [];
    return {
      message: `${setting} is ${settings[setting]}, which the certificates of members do not have: it would shut them out`,
      hint: 'add it to etcd_extra_sans, and let the certificates be issued before',
    };
  });
}

/** One socket cannot serve two things. */
function ofUrls(
  { clientPort, peerPort, metricsPort }: Member,
  settings: Readonly<Record<string, unknown>>,
): readonly SettingProblem[] {
  const problems: SettingProblem[] = [];
  if (metricsPort !== undefined && settings['listen-metrics-urls'] !== undefined)
    problems.push({
      message: 'listen-metrics-urls is set by etcd_metrics_port',
      hint: 'take one of them out',
    });
  for (const { setting, url } of listenUrls(settings)) {
    const port = URL.canParse(url) ? Number(new URL(url).port) : 0;
    if (!isLoopbackUrl(url) && [clientPort, peerPort, metricsPort].includes(port))
      problems.push({ message: `${setting} has ${url}, a port that is taken`, hint: 'choose another port' });
  }
  return problems;
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
    claim(host.name, 'etcd_peer_port', hostPort(member.peerAddress.toLowerCase(), member.peerPort), ports);
    if (member.metricsPort !== undefined)
      claim(host.name, 'etcd_metrics_port', hostPort(address, member.metricsPort), ports);
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
  const near = all.filter(({ member }) => /^(127\.|::1$|localhost$)/.test(member.peerAddress));
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

function dirsOf(member: Member): readonly (readonly [Dir, string])[] {
  const { binDir, configDir, certDir, dataDir, walDir } = member;
  const dirs = {
    etcd_bin_dir: binDir,
    etcd_config_dir: configDir,
    etcd_cert_dir: certDir,
    etcd_data_dir: dataDir,
    ...(walDir !== undefined && { etcd_wal_dir: walDir }),
  };
  return (Object.entries(dirs) as [Dir, string][]).map(([name, path]) => [name, tidy(path)]);
}

function isName(text: string): boolean {
  return HOST_NAME.test(text) && !/^[\d.]+$/.test(text);
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

function seconds(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  return [...value.matchAll(/([\d.]+)([dhms])/g)].reduce(
    (sum, [, number, unit = '']) => sum + Number(number) * (SECONDS[unit] ?? 0),
    0,
  );
}
