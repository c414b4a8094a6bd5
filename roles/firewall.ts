import { isIP } from 'node:net';
import { isLoopback, isWildcard } from '../lib/addresses.ts';
import type { Role, Target } from '../lib/dsl/role.ts';
import type { Task } from '../lib/dsl/task.ts';
import { EXIT, QuorateError } from '../lib/errors.ts';
import { boundAddress } from '../lib/etcd/facts/bound-address.ts';
import { leavesFirewall } from '../lib/etcd/facts/firewall-facts.ts';
import type { EtcdFacts } from '../lib/etcd/facts/index.ts';
import { clusterOf, type Member, memberOf, portsOf } from '../lib/etcd/model/cluster.ts';
import { declare, MEMBER_VARS } from '../lib/etcd/model/vars.ts';
import { directory } from '../lib/resources/directory.ts';
import { firewall as firewallRules } from '../lib/resources/firewall/index.ts';
import { firewallOff } from '../lib/resources/firewall/off.ts';
import type { FirewallOptions, OpenPort } from '../lib/resources/firewall/wish.ts';

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
      return [noRules(target, member, []), firewallOff('firewalld')];
    }
    return [
      directory(member.configDir, {
        mode: '0755',
        ...(member.user === undefined ? {} : { owner: 'root' }),
        title: 'the configuration directory exists',
      }),
      firewallRules(member.service, {
        backend: choice as FirewallOptions['backend'] & string,
        ports: openPorts(target, member),
        ...placeOf(target, member),
        // A member that listens elsewhere until it is restarted keeps the rules for that port until then.
        inTurn: ![undefined, member.clientUrl].includes(target.facts.reading?.clientUrl),
        title: 'the firewall lets in members and clients',
      }),
    ];
  },
};

/** Takes our rules away again, whichever firewall carries them. */
export function firewallGone(target: Target<EtcdFacts>): readonly Task[] {
  const member = memberOf(target);
  if (leavesFirewall(target)) return [];
  return [noRules(target, member, portsOf(member))];
}

function noRules(target: Target<EtcdFacts>, member: Member, ports: readonly number[]): Task {
  return firewallRules(member.service, {
    state: 'absent',
    ports: ports.map((port) => ({ port, sources: [], ...shipped(port) })),
    ...placeOf(target, member),
    title: 'the firewall has no rules of ours',
  });
}

function placeOf(target: Target<EtcdFacts>, member: Member) {
  return { addresses: boundAddresses(target, member), rulesFile: `${member.configDir}/firewall` };
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
  const cidrs = target.vars.etcd_client_cidrs as readonly string[];
  const clients = cidrs.length === 0 ? 'any' : [...members, ...cidrs];
  return portsOf(own).map((port) => ({
    port,
    sources: port === own.peerPort ? members : clients,
    ...shipped(port),
  }));
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
  return addresses;
}

/** What firewalld calls etcd's ports. */
function shipped(port: number): Pick<OpenPort, 'service'> {
  if (port === 2379) return { service: 'etcd-client' };
  return port === 2380 ? { service: 'etcd-server' } : {};
}
