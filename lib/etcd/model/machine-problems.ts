import { canonicalAddress, isLoopback } from '../../addresses.ts';
import type { HostData } from '../../dsl/role.ts';
import { hostPort, isLocal } from './cluster.ts';
import { dirsOf, lieInEachOther } from './dir-problems.ts';
import type { Listed, Problem } from './listed.ts';
import type { EtcdVar } from './vars.ts';

const OWN = 'what one member is given must not change for another';
const PORTS = 'give one of them another port, or its own etcd_address';

export interface SeenHosts {
  /** What else tells that hosts are one machine. */
  machineOf(host: string): string | undefined;
  /** Its member has data: what two such members have lived with is left to them. */
  hasData(host: string): boolean;
}

/** What two members cannot both have: by the variable, and in words that are the same for both. */
type Claim = readonly [variable: EtcdVar, what: string, hint: string];

/**
 * Members of one machine: ports, directories and services must differ, whatever the cluster.
 *
 * @param seen What contact tells of hosts, by their names.
 */
export function ofMachines(all: readonly Listed[], seen?: SeenHosts): readonly Problem[] {
  const machines = machinesOf(all, (host) => seen?.machineOf(host));
  const taken = new Map<string, Listed>();
  const problems: Problem[] = [];
  for (const one of all) {
    const machine = machines.get(one.host.name) ?? '';
    for (const [variable, what, hint] of [...addressClaims(one), ...machineClaims(one, machine)]) {
      const first = taken.get(what) ?? one;
      taken.set(what, first);
      if (first !== one) problems.push(problem(one, first, variable, `both have ${what}`, hint));
    }
  }
  const known = new Set(problems.map(({ host }) => host));
  const shared = [...groupsOf(all, machines)].flatMap(([machine, members]) => pairs(members, machine, seen));
  return [...problems, ...shared.filter(({ host }) => !known.has(host))];
}

/** Where it is reached: nobody else is, on whatever machine. */
function addressClaims({ member }: Listed): readonly Claim[] {
  const { clientPort, peerPort, metricsPort } = member;
  const [address, peerAddress] = [member.address.toLowerCase(), member.peerAddress.toLowerCase()];
  return [
    ['etcd_client_port', hostPort(address, clientPort), PORTS],
    ['etcd_peer_port', hostPort(peerAddress, peerPort), PORTS],
    ...(metricsPort === undefined
      ? []
      : [['etcd_metrics_port', hostPort(address, metricsPort), PORTS] as const]),
  ];
}

/** A unit is named after its service, and so is the folder of what is remembered of the member. */
function machineClaims({ host, member }: Listed, machine: string): readonly Claim[] {
  return [
    ...writtenDirs({ host, member }).map(
      ([variable, path]): Claim => [variable, `${path} on ${machine}`, OWN],
    ),
    member.manager === 'systemd'
      ? ['etcd_service_name', `the service ${member.service} on ${machine}`, OWN]
      : ['etcd_config_dir', `${member.stateDir} beside it on ${machine}`, OWN],
  ];
}

/** Names of snapshots tell clusters apart, and binaries that the machine brings are nobody's. */
function writtenDirs({ host, member }: Listed) {
  return dirsOf(member).filter(
    ([variable]) =>
      variable !== 'etcd_backup_dir' && (variable !== 'etcd_bin_dir' || host.vars.etcd_source !== 'path'),
  );
}

/** Find clashes that comparing text misses: nested directories, and ports bound on all addresses. */
function pairs(members: readonly Listed[], machine: string, seen?: SeenHosts): readonly Problem[] {
  const isNew = ({ host }: Listed) => seen?.hasData(host.name) === false;
  return members.flatMap((one, i) =>
    members
      .slice(0, i)
      .flatMap((other) => [
        ...(isNew(one) || isNew(other) ? nested(one, other, machine) : []),
        ...bound(one, other, machine),
      ]),
  );
}

/** Data of one member below another's folders. */
function nested(one: Listed, other: Listed, machine: string): readonly Problem[] {
  return writtenDirs(one).flatMap((mine) =>
    writtenDirs(other)
      .filter((theirs) => lieInEachOther(mine, theirs))
      .map((theirs) => {
        const what = `have ${mine[1]} and ${theirs[1]} on ${machine}: one lies in the other`;
        return problem(one, other, mine[0], what, OWN);
      }),
  );
}

/** Ports of one address that both bind, whatever others know them by. */
function bound(one: Listed, other: Listed, machine: string): readonly Problem[] {
  return endsOf(one).flatMap(([variable, port, mine]) =>
    endsOf(other).flatMap(([, taken, theirs]) => {
      if (port !== taken || mine === undefined || mine !== theirs) return [];
      return problem(one, other, variable, `both bind port ${port} of ${mine} on ${machine}`, PORTS);
    }),
  );
}

type End = readonly [variable: EtcdVar, port: number, address: string | undefined];

function endsOf({ member }: Listed): readonly End[] {
  const { clientPort, listenAddress, peerPort, peerListenAddress, metricsPort } = member;
  return [
    ['etcd_client_port', clientPort, listenAddress],
    ['etcd_peer_port', peerPort, peerListenAddress],
    ...(metricsPort === undefined ? [] : [['etcd_metrics_port', metricsPort, listenAddress] as const]),
  ];
}

/** Both are named, and so are their clusters where there are two. */
function problem(one: Listed, other: Listed, variable: EtcdVar, what: string, hint: string): Problem {
  const isOne = one.member.cluster === other.member.cluster;
  const named = ({ host, member }: Listed) =>
    isOne ? host.name : `${host.name} of cluster ${member.cluster}`;
  return { host: one.host.name, variable, message: `${named(one)} and ${named(other)} ${what}`, hint };
}

function groupsOf(
  all: readonly Listed[],
  machines: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly Listed[]> {
  const groups = new Map<string, Listed[]>();
  for (const one of all) {
    const machine = machines.get(one.host.name) ?? '';
    const group = groups.get(machine);
    if (group === undefined) groups.set(machine, [one]);
    else group.push(one);
  }
  return groups;
}

/**
 * The machine of each host, by a name that all its hosts share: where SSH leads to, or where members are reached. Who has
 * one of these in common with two others joins those.
 */
function machinesOf(
  all: readonly Listed[],
  machineOf: (host: string) => string | undefined,
): ReadonlyMap<string, string> {
  const above = new Map<string, string>();
  const rootOf = (key: string): string => {
    const next = above.get(key);
    return next === undefined ? key : rootOf(next);
  };
  const keyOf = ({ member }: Listed) => member.address.toLowerCase();
  for (const one of all) {
    const mine = rootOf(keyOf(one));
    for (const further of [sshAddress(one.host), machineOf(one.host.name)]) {
      const root = further === undefined ? mine : rootOf(further);
      if (root !== mine) above.set(root, mine);
    }
  }
  const labels = new Map<string, string>();
  return new Map(
    all.map((one) => {
      const root = rootOf(keyOf(one));
      const label = labels.get(root) ?? keyOf(one);
      labels.set(root, label);
      return [one.host.name, label];
    }),
  );
}

/** Where a host is logged in to, through what. */
function sshAddress({ name, vars }: HostData): string {
  const address = canonicalAddress(String(vars.ansible_host ?? name).replace(/\.$/, '')).toLowerCase();
  const [port, through] = [String(vars.ansible_port ?? 22), String(vars.ansible_ssh_common_args ?? '')];
  // Another port of this machine may lead into something that runs on it.
  const isHere = isLoopback(address) && port === '22' && through === '';
  return isLocal(vars) || isHere ? 'this machine' : `ssh ${address} ${port} ${through}`;
}
