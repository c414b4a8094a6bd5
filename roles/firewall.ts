import { isIP } from 'node:net';
import { isLoopback, isWildcard } from '../lib/addresses.ts';
import type { Role, Target } from '../lib/dsl/role.ts';
import { sh } from '../lib/dsl/sh.ts';
import type { Task } from '../lib/dsl/task.ts';
import type { TaskOptions } from '../lib/dsl/task-options.ts';
import { EXIT, QuorateError } from '../lib/errors.ts';
import { boundAddress } from '../lib/etcd/facts/bound-address.ts';
import { leavesFirewall } from '../lib/etcd/facts/firewall-facts.ts';
import type { EtcdFacts } from '../lib/etcd/facts/index.ts';
import { clusterOf, type Member, memberOf, portsOf } from '../lib/etcd/model/cluster.ts';
import { declare, MEMBER_VARS } from '../lib/etcd/model/vars.ts';
import { assert } from '../lib/resources/assert.ts';
import { directory } from '../lib/resources/directory.ts';
import { file } from '../lib/resources/file.ts';
import { firewall as firewallRules } from '../lib/resources/firewall/index.ts';
import { iptablesFile } from '../lib/resources/firewall/iptables.ts';
import { canonicalNetwork } from '../lib/resources/firewall/network.ts';
import { nftablesFile } from '../lib/resources/firewall/nftables.ts';
import { firewallOff } from '../lib/resources/firewall/off.ts';
import { noOwnFirewall, ownFirewallUnit } from '../lib/resources/firewall/own.ts';
import type { FirewallOptions, OpenPort } from '../lib/resources/firewall/rules.ts';
import { unitPath } from '../lib/resources/service/systemd.ts';

/** The peer port for members only, the client port for members and `etcd_client_cidrs`. */
export const firewall: Role<EtcdFacts> = {
  name: 'firewall',
  description: 'the client port for clients, the peer port for members only; other ports stay as they are',
  vars: declare(...MEMBER_VARS, 'etcd_firewall', 'etcd_client_cidrs'),
  tasks(target) {
    const member = memberOf(target);
    const choice = String(target.vars.etcd_firewall);
    if (leavesFirewall(target)) return [];
    if (choice === 'disabled') {
      return [noneOfOurs(member, 'nftables', 'iptables'), firewallOff('firewalld')];
    }
    const backend = backendOf(target, choice);
    const ports = openPorts(target, member);
    // A member that listens elsewhere until it is restarted keeps the rules for that port until then.
    const inTurn = ![undefined, member.clientUrl].includes(target.facts.reading?.clientUrl);
    if (backend === 'nftables' || backend === 'iptables') {
      requireUnits(target);
      return [
        ...ownTable(member, backend, ports, inTurn),
        rules(target, member, backend, ports, { title: `${backend} lets in members and clients`, inTurn }),
      ];
    }
    return [
      rules(target, member, backend, ports, { title: `${backend} lets in members and clients`, inTurn }),
      ...besides(target, member, backend, ports, inTurn),
    ];
  },
};

/**
 * A table of our own beside a firewall that others manage, too: a zone that accepts, a range of ports or a default let
 * in what our entries there cannot shut out. Only that firewall's own rules are left where there is nothing to make
 * one with.
 */
function besides(
  target: Target<EtcdFacts>,
  member: Member,
  other: 'firewalld' | 'ufw',
  ports: readonly OpenPort[],
  inTurn: boolean,
): readonly Task[] {
  const { own } = target.facts.firewall;
  if (own === 'none') return [noneOfOurs(member, 'nftables', 'iptables')];
  return [
    ...ownTable(member, own, ports, inTurn),
    rules(target, member, own, ports, {
      besides: other,
      title: `what ${other} lets in besides is dropped`,
      inTurn,
    }),
  ];
}

function rules(
  target: Target<EtcdFacts>,
  member: Member,
  backend: FirewallOptions['backend'],
  ports: readonly OpenPort[],
  options: TaskOptions & Pick<FirewallOptions, 'besides'>,
): Task {
  return firewallRules(member.service, {
    backend,
    ports,
    addresses: boundAddresses(target, member),
    unit: unitName(member),
    rulesFile: rulesFile(member, backend),
    ...options,
  });
}

/** Takes our rules away again, whichever firewall carries them. */
export function firewallGone(target: Target<EtcdFacts>): readonly Task[] {
  const member = memberOf(target);
  if (leavesFirewall(target)) return [];
  const { backend } = target.facts.firewall;
  const shared = backend === 'firewalld' || backend === 'ufw';
  const closed = portsOf(member).map((port) => ({ port, sources: [], ...shipped(port) }));
  return [
    ...(shared ? [rules(target, member, backend, closed, { title: `${backend} has no rules of ours` })] : []),
    noneOfOurs(member, 'nftables', 'iptables'),
  ];
}

/** The firewall to use; firewalld is never started for it: that could shut out what nobody has listed yet. */
function backendOf({ name, facts }: Target<EtcdFacts>, choice: string): FirewallOptions['backend'] {
  const { backend } = facts.firewall;
  const needsActive = choice === 'firewalld' || choice === 'ufw';
  if (choice !== 'auto' && !(needsActive && backend !== choice)) return choice as FirewallOptions['backend'];
  if (choice === 'auto' && backend !== 'none') return backend;
  throw new QuorateError(
    choice === 'auto'
      ? `${name}: there is no firewall to set: neither firewalld nor ufw is active, nft and iptables are missing`
      : `${name}: etcd_firewall is ${choice}, which is not active`,
    {
      exitCode: EXIT.failed,
      host: name,
      hint:
        choice === 'auto'
          ? 'install nftables, or set etcd_firewall: none'
          : `start it once SSH is allowed in it, or set etcd_firewall: auto`,
    },
  );
}

/** Rules of our own are loaded at boot by a unit. */
function requireUnits({ name, facts }: Target<EtcdFacts>): void {
  if (facts.systemd !== undefined) return;
  throw new QuorateError(
    `${name}: the rules for its ports would be lost at the next boot: there is no systemd`,
    {
      exitCode: EXIT.failed,
      host: name,
      hint: 'filter the ports yourself, and set etcd_firewall: none',
    },
  );
}

/** Where the ports are: addresses of the host. */
function boundAddresses({ facts }: Target<EtcdFacts>, member: Member): readonly string[] {
  const ends = [
    boundAddress(member, facts, 'client') ?? member.address,
    boundAddress(member, facts, 'peer') ?? member.peerAddress,
  ];
  return [...new Set(ends)];
}

function openPorts(target: Target<EtcdFacts>, own: Member): readonly OpenPort[] {
  const members = clusterOf(target).members.flatMap((member) => addressesOf(target, member));
  const cidrs = (target.vars.etcd_client_cidrs as readonly string[]).map((cidr) => {
    const network = canonicalNetwork(cidr);
    if (network !== undefined) return network;
    throw new QuorateError(`etcd_client_cidrs: ${cidr} is neither an address nor a network`, {
      exitCode: EXIT.usage,
      hint: 'write it like 10.0.0.0/8 or fd00::/8',
    });
  });
  const everyone = cidrs.length === 0 || (cidrs.includes(ALL_IPV4[0]) && cidrs.includes(ALL_IPV6[0]));
  const clients = everyone ? 'any' : sorted([...members, ...cidrs.flatMap(halves)]);
  return portsOf(own).map((port) => ({
    port,
    sources: port === own.peerPort ? sorted(members) : clients,
    ...shipped(port),
  }));
}

const ALL_IPV4 = ['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1'] as const;
const ALL_IPV6 = ['::/0', '::/1', '8000::/1'] as const;

/** A whole address family in two halves: not every firewall keeps a source of length 0 as one. */
function halves(network: string): readonly string[] {
  const [, ...parts] = [ALL_IPV4, ALL_IPV6].find(([all]) => all === network) ?? [];
  return parts.length > 0 ? parts : [network];
}

/** Where a member's packets come from: its addresses, by number. A loopback one needs no rule. */
function addressesOf({ name, facts }: Target<EtcdFacts>, member: Member): readonly string[] {
  const { address, listenAddress, peerAddress, peerListenAddress } = member;
  const listed = [...new Set([address, listenAddress, peerAddress, peerListenAddress])].flatMap(
    (one) => one ?? [],
  );
  const addresses = listed
    .flatMap((one) => (isIP(one) !== 0 ? [one] : (facts.firewall.resolved.get(one) ?? [])))
    .filter((one) => !isLoopback(one) && !isWildcard(one));
  const isKnown = (one: string) => isIP(one) !== 0 || facts.firewall.resolved.has(one);
  const missing =
    addresses.length === 0
      ? address
      : isKnown(peerAddress) || peerAddress === address
        ? undefined
        : peerAddress;
  if (member.host !== name && missing !== undefined) {
    throw new QuorateError(`${name}: ${missing}, the address of ${member.host}, does not resolve here`, {
      exitCode: EXIT.failed,
      host: name,
      hint: 'the firewall needs addresses: make the name resolve, or set etcd_address to an IP address',
    });
  }
  return addresses.map((one) => canonicalNetwork(one) ?? one);
}

function sorted(networks: readonly string[]): readonly string[] {
  return [...new Set(networks)].sort();
}

/** A table or chain that is ours alone, and the unit that loads it at boot. */
function ownTable(
  member: Member,
  backend: 'nftables' | 'iptables',
  ports: readonly OpenPort[],
  inTurn: boolean,
): readonly Task[] {
  const { service, configDir } = member;
  const path = rulesFile(member, backend);
  const root = { owner: 'root', group: 'root' };
  const command = backend === 'nftables' ? 'nft' : 'iptables';
  const nft = '/bin/sh -c "exec nft';
  const lines =
    backend === 'nftables'
      ? // Old systemd wants a path, and nft lies elsewhere on each distribution.
        { start: `${nft} -f ${path}"`, stop: `${nft} delete table inet quorate_${service}"` }
      : { start: `/bin/sh ${path} start`, stop: `/bin/sh ${path} stop` };
  return [
    assert(`${command} is installed`, {
      that: sh`command -v ${command} >/dev/null`,
      message: `${command} is missing`,
      hint: 'install it, or set etcd_firewall: auto',
    }),
    noneOfOurs(member, backend === 'nftables' ? 'iptables' : 'nftables'),
    directory(configDir, { mode: '0755', owner: 'root', title: 'the configuration directory exists' }),
    file(path, {
      content: backend === 'nftables' ? nftablesFile(service, ports) : iptablesFile(service, ports),
      mode: '0644',
      ...root,
      title: `the ${backend} rules let in members and clients after a reboot`,
      inTurn,
    }),
    file(unitPath(unitName(member)), {
      content: ownFirewallUnit({ name: service, ...lines, rulesFile: path }),
      mode: '0644',
      ...root,
      title: `the unit ${unitName(member)} loads them`,
    }),
  ];
}

/** No rules of ours by other means than the chosen one: they would go on shutting out who joins later. */
function noneOfOurs(member: Member, ...backends: readonly ('nftables' | 'iptables')[]): Task {
  const files = backends.map((backend) => rulesFile(member, backend));
  return noOwnFirewall(unitName(member), {
    paths: backends.length === 1 ? files : [...files, unitPath(unitName(member))],
  });
}

function rulesFile({ configDir }: Member, backend: FirewallOptions['backend']): string {
  return `${configDir}/firewall.${backend}`;
}

function unitName({ service }: Member): string {
  return `${service}-firewall.service`;
}

/** What firewalld calls etcd's ports. */
function shipped(port: number): Pick<OpenPort, 'service'> {
  if (port === 2379) return { service: 'etcd-client' };
  return port === 2380 ? { service: 'etcd-server' } : {};
}
