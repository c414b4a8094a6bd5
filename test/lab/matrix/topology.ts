import { hostPort } from '../../../lib/etcd/model/cluster.ts';
import type { LabHost } from '../support/lab.ts';
import type { MatrixCase } from './dimensions.ts';

/** A member: a host of the inventory on a host of the lab. */
export interface Node {
  /** In the inventory. */
  readonly name: string;
  readonly host: LabHost;
  /** As the inventory writes it. */
  readonly address: string;
  readonly service: string;
  readonly binDir: string;
  readonly certDir: string;
  readonly clientUrl: string;
}

/** A cluster of a case. */
export interface NodeGroup {
  /** Of the cluster and of the inventory's group. */
  readonly name: string;
  readonly nodes: readonly Node[];
  /** What sets it apart from another one on the same hosts; the roles' defaults are left out. */
  readonly vars: Readonly<Record<string, string | number>>;
}

const HOSTS: Readonly<Record<MatrixCase['members'], number>> = {
  one: 1,
  three: 3,
  five: 5,
  'two-clusters': 6,
  'shared-hosts': 3,
};

/** How many hosts the members of a case take. */
export function hostsNeeded({ members }: MatrixCase): number {
  return HOSTS[members];
}

/** The clusters of a case on the first hosts of a lab. */
export function clustersOf(choice: MatrixCase, all: readonly LabHost[]): readonly NodeGroup[] {
  const hosts = all.slice(0, hostsNeeded(choice));
  const group = (name: string, some: readonly LabHost[]): NodeGroup => ({
    name,
    nodes: some.map((host) => nodeOf(host, host.name, addressOf(choice, host))),
    vars: {},
  });
  if (choice.members === 'two-clusters')
    return [group('one', hosts.slice(0, 3)), group('two', hosts.slice(3))];
  if (choice.members === 'shared-hosts') return [group('one', hosts), besides(choice, hosts)];
  return [group('one', hosts)];
}

/** An address of a lab's host as the case wants it written. */
export function addressOf({ address: kind }: MatrixCase, { name, address, address6 }: LabHost): string {
  if (kind === 'ipv4') return address;
  if (kind === 'ipv6') return address6;
  if (kind === 'ipv6-long') return address6.replace('fd00:52::', 'FD00:0052:0:0:0:0:0:');
  return kind === 'name' ? `${name}.lab` : name;
}

/** Lines of /etc/hosts for all hosts, on each of them and on control. */
export function hostsLines(hosts: readonly LabHost[]): string {
  return hosts
    .map(({ name, address, address6 }) => `${address} ${name} ${name}.lab\n${address6} ${name}.lab\n`)
    .join('');
}

/** A second cluster on the same hosts: an SSH address counts as one host, so it goes by the other family's. */
function besides({ address: kind }: MatrixCase, hosts: readonly LabHost[]): NodeGroup {
  const isV6 = kind === 'ipv6' || kind === 'ipv6-long';
  return {
    name: 'two',
    nodes: hosts.map((host, i) => nodeOf(host, `two0${i + 1}`, isV6 ? host.address : host.address6, BESIDES)),
    vars: BESIDES,
  };
}

const BESIDES = {
  etcd_service_name: 'two',
  etcd_client_port: 12379,
  etcd_peer_port: 12380,
  etcd_bin_dir: '/opt/two/bin',
  etcd_config_dir: '/opt/two/cfg',
  etcd_cert_dir: '/opt/two/ssl',
  etcd_data_dir: '/var/lib/etcd/two.etcd',
};

const DEFAULTS = {
  etcd_service_name: 'etcd',
  etcd_client_port: 2379,
  etcd_bin_dir: '/opt/etcd/bin',
  etcd_cert_dir: '/opt/etcd/ssl',
};

function nodeOf(host: LabHost, name: string, address: string, vars: typeof DEFAULTS = DEFAULTS): Node {
  return {
    name,
    host,
    address,
    service: vars.etcd_service_name,
    binDir: vars.etcd_bin_dir,
    certDir: vars.etcd_cert_dir,
    clientUrl: `https://${hostPort(address, vars.etcd_client_port)}`,
  };
}
