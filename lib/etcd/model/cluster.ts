import { isIP } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { canonicalAddress } from '../../addresses.ts';
import type { HostData, Vars } from '../../dsl/role.ts';
import { withoutEnding } from '../../paths.ts';
import { logFilesOf, portsBeyondLoopback } from './settings.ts';

/** A member of a cluster as the inventory describes it. */
export interface Member {
  /** Inventory name of its host. */
  readonly host: string;
  /** etcd's `--name`. */
  readonly name: string;
  readonly cluster: string;
  /** Advertised: a name or an IP address. */
  readonly address: string;
  /** What it binds; undefined when the host must resolve `address`. */
  readonly listenAddress: string | undefined;
  /** Advertised to members, and what it binds for them; `address` and its twin unless the inventory says otherwise. */
  readonly peerAddress: string;
  readonly peerListenAddress: string | undefined;
  readonly clientPort: number;
  readonly peerPort: number;
  /** Plain HTTP for scrapers, where wanted. */
  readonly metricsPort: number | undefined;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly binDir: string;
  readonly configDir: string;
  readonly certDir: string;
  readonly dataDir: string;
  /** undefined where the raft log lies in the data directory. */
  readonly walDir: string | undefined;
  /** Where its snapshots lie. */
  readonly backupDir: string;
  /** Files that it writes its log to, by its settings; the journal, or the file of a plain process, else. */
  readonly logFiles: readonly string[];
  /** Ports that its settings open to others, besides the client port. */
  readonly settingsPorts: readonly number[];
  /** undefined where the member runs as whoever runs Quorate (the process manager). */
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly service: string;
  readonly manager: 'systemd' | 'process';
  /** See `isLocal`. */
  readonly local: boolean;
  /** Where the host keeps our records. */
  readonly stateDir: string;
}

/** The hosts that share `etcd_cluster_name`. */
export interface Cluster {
  readonly name: string;
  readonly members: readonly Member[];
  /** `etcd_version` of the inventory, if set. */
  readonly version: string | undefined;
  /** On control: `.quorate/<cluster>` beside the inventory, unless `etcd_pki_dir` says otherwise. */
  readonly controlDir: string;
  readonly pkiDir: string;
  /** The inventory has other clusters beside it. */
  readonly hasSiblings: boolean;
}

/** Both are asked for at every turn, and vars never change: each is made once for the vars it is made from. */
const members = new WeakMap<Vars, Member>();
const clusters = new WeakMap<HostData['hostvars'], ReadonlyMap<string, SharedOfCluster>>();

type SharedOfCluster = Pick<Cluster, 'name' | 'members' | 'controlDir'>;

/** The member that a host carries. */
export function memberOf({ name, vars }: HostData): Member {
  const known = members.get(vars);
  if (known?.host === name) return known;
  const made = member(name, vars);
  members.set(vars, made);
  return made;
}

/** The cluster that a host belongs to, whole, whatever `--limit` says. */
export function clusterOf({ vars, hostvars }: HostData): Cluster {
  const shared = clustersIn(hostvars).get(clusterName(vars)) ?? sharedOf(clusterName(vars), [], vars);
  return {
    ...shared,
    hasSiblings: clustersIn(hostvars).size > 1,
    version: text(vars.etcd_version),
    pkiDir: text(vars.etcd_pki_dir) ?? join(shared.controlDir, 'pki'),
  };
}

function clustersIn(hostvars: HostData['hostvars']): ReadonlyMap<string, SharedOfCluster> {
  const known = clusters.get(hostvars);
  if (known) return known;
  const hosts = new Map<string, HostData[]>();
  for (const [name, vars] of Object.entries(hostvars)) {
    const cluster = clusterName(vars);
    hosts.set(cluster, [...(hosts.get(cluster) ?? []), { name, vars, hostvars }]);
  }
  const made = new Map(
    [...hosts].map(([name, own]) => [name, sharedOf(name, own.map(memberOf), own[0]!.vars)]),
  );
  clusters.set(hostvars, made);
  return made;
}

/** What all members share, by the first host: members that several files describe share one folder, too. */
function sharedOf(name: string, members: readonly Member[], { inventory_dir }: Vars): SharedOfCluster {
  return { name, members, controlDir: join(String(inventory_dir ?? '.'), '.quorate', name) };
}

/** `etcd_cluster_name`, by default the inventory file's name without its ending. */
export function clusterName(vars: Vars): string {
  const file = text(vars.inventory_file) ?? 'etcd';
  return text(vars.etcd_cluster_name) ?? basename(withoutEnding(file));
}

/** The host that a word of the user's means: by its name in the inventory, else by its member's; undefined for neither. */
export function hostCalled(
  word: string,
  members: readonly Pick<Member, 'host' | 'name'>[],
): string | undefined {
  return members.find(({ host }) => host === word)?.host ?? members.find(({ name }) => name === word)?.host;
}

/** Host and port of a URL; IPv6 addresses get their brackets. */
export function hostPort(address: string, port: number): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The TCP ports that a member listens on, where others may reach it. */
export function portsOf({ clientPort, peerPort, metricsPort, settingsPorts }: Member): readonly number[] {
  return [
    ...new Set([clientPort, peerPort, ...(metricsPort === undefined ? [] : [metricsPort]), ...settingsPorts]),
  ];
}

/** A port that only root may bind, or who has the one capability for it. */
export function bindsPrivileged(member: Member): boolean {
  return portsOf(member).some((port) => port < 1024);
}

/** The member lives on the machine that runs Quorate: how it is reached says so, never what starts it. */
export function isLocal(vars: Vars): boolean {
  return vars.ansible_connection === 'local';
}

/** etcd's quorum of `voters` members. */
export function quorum(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** Whether the others have a quorum while one member is stopped: from three members on. */
export function canSpareOne({ members: { length } }: { readonly members: readonly unknown[] }): boolean {
  return length - 1 >= quorum(length);
}

function member(host: string, vars: Vars): Member {
  // URLs, certificates and rules are compared as text, also by etcd.
  const address = canonicalAddress(
    text(vars.etcd_address) ?? String(vars.ansible_host ?? host).replace(/\.$/, ''),
  );
  const listenAddress = text(vars.etcd_listen_address) ?? (isIP(address) ? address : undefined);
  const forMembers = text(vars.etcd_peer_address);
  const peerAddress = forMembers === undefined ? address : canonicalAddress(forMembers);
  const bound = forMembers === undefined ? listenAddress : isIP(peerAddress) ? peerAddress : undefined;
  const peerListenAddress = text(vars.etcd_peer_listen_address) ?? bound;
  const manager = vars.etcd_service_manager === 'process' ? 'process' : 'systemd';
  const clientPort = Number(vars.etcd_client_port);
  const peerPort = Number(vars.etcd_peer_port);
  const configDir = String(vars.etcd_config_dir);
  const service = String(vars.etcd_service_name);
  const name = text(vars.etcd_member_name) ?? host;
  const settings = (vars.etcd_settings ?? {}) as Readonly<Record<string, unknown>>;
  return {
    host,
    name,
    cluster: clusterName(vars),
    address,
    listenAddress: listenAddress && canonicalAddress(listenAddress),
    peerAddress,
    peerListenAddress: peerListenAddress && canonicalAddress(peerListenAddress),
    clientPort,
    peerPort,
    metricsPort: vars.etcd_metrics_port === undefined ? undefined : Number(vars.etcd_metrics_port),
    clientUrl: `https://${hostPort(address, clientPort)}`,
    peerUrl: `https://${hostPort(peerAddress, peerPort)}`,
    binDir: String(vars.etcd_bin_dir),
    configDir,
    certDir: String(vars.etcd_cert_dir),
    dataDir: String(vars.etcd_data_dir),
    walDir: text(vars.etcd_wal_dir),
    backupDir: String(vars.etcd_backup_dir),
    logFiles: logFilesOf(settings),
    settingsPorts: portsBeyondLoopback(settings),
    user: manager === 'process' ? undefined : String(vars.etcd_user),
    group: manager === 'process' ? undefined : String(vars.etcd_group),
    service,
    manager,
    local: isLocal(vars),
    stateDir: manager === 'process' ? join(dirname(configDir), 'state') : `/var/lib/quorate/${service}`,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
