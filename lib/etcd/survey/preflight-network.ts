import { isLoopback, isWildcard } from '../../addresses.ts';
import type { QuorateError } from '../../errors.ts';
import { boundAddress } from '../facts/bound-address.ts';
import { strangeSource } from '../facts/strange-source.ts';
import { refusal } from '../refusal.ts';
import type { Candidate } from './candidate.ts';

/** What keeps members from listening where they are to, or from being reached there by the others. */
export function networkProblems(candidates: readonly Candidate[]): readonly QuorateError[] {
  return [
    ...candidates.flatMap((one) => [...listenAddresses(one), ...takenPorts(one)]),
    ...candidates.flatMap((one) => [...sources(one, candidates), ...namesakes(one, candidates)]),
  ];
}

/** The end that a member binds for clients, and the one for members where that is another. */
function listenAddresses(one: Candidate): readonly QuorateError[] {
  const { address, peerAddress, listenAddress, peerListenAddress } = one.member;
  const same = address === peerAddress && listenAddress === peerListenAddress;
  return [...bindable(one, 'client'), ...(same ? [] : bindable(one, 'peer'))];
}

function bindable({ member, facts }: Candidate, end: 'client' | 'peer'): readonly QuorateError[] {
  const { addresses } = facts.host;
  const listen = boundAddress(member, facts, end);
  const [given, named, variable] =
    end === 'client'
      ? [member.listenAddress, member.address, 'etcd_listen_address']
      : [member.peerListenAddress, member.peerAddress, 'etcd_peer_listen_address'];
  if (listen === undefined) {
    const hint = `set ${variable} to one of its addresses`;
    return [refusal(member, `${named} does not resolve on the host`, hint)];
  }
  if (given === undefined && isLoopback(listen) && named !== 'localhost') {
    return [
      refusal(
        member,
        `${named} is ${listen} on the host itself, where nobody else reaches it`,
        `give it its address in /etc/hosts there, or set ${variable}`,
      ),
    ];
  }
  const isThere = addresses.length === 0 || addresses.includes(listen) || isLoopback(listen);
  if (isThere) return [];
  const own = addresses.filter((address) => !isLoopback(address) && !address.startsWith('fe80:'));
  return [
    refusal(
      member,
      `${listen} is not an address of the host, which has ${own.join(', ') || 'loopback only'}`,
      `set ${variable} to the one to bind; ${end === 'client' ? 'etcd_address' : 'etcd_peer_address'} is what others connect to`,
    ),
  ];
}

function takenPorts({ member, facts }: Candidate): readonly QuorateError[] {
  const bound = { client: boundAddress(member, facts, 'client'), peer: boundAddress(member, facts, 'peer') };
  return facts.host.listeners.flatMap(({ port, address, pid, program }) => {
    const role = port === member.clientPort ? 'client' : port === member.peerPort ? 'peer' : 'metrics';
    if (!isWildcard(address) && address !== bound[role === 'peer' ? 'peer' : 'client']) return [];
    const who = pid === undefined ? 'another process' : `${program ?? 'a process'} (pid ${pid})`;
    return refusal(
      member,
      `port ${port}, its ${role} port, is taken by ${who} on ${address}`,
      `stop that, or set etcd_${role}_port`,
    );
  });
}

/**
 * Others know a member by its addresses: their rules and its certificates have those. Packets that carry another one
 * are dropped, or the certificate is refused. A member that does its work now has a way that was not seen here.
 */
function sources(one: Candidate, all: readonly Candidate[]): readonly QuorateError[] {
  return one.facts.reading?.healthy ? [] : wayProblems(one, all);
}

/** The same to these addresses, which are new to all of them: also of members that do their work. */
export function newWayProblems(
  candidates: readonly Candidate[],
  addresses: readonly string[],
): readonly QuorateError[] {
  return candidates.flatMap(({ member, facts }) => {
    const sources = facts.sources.filter(({ to }) => addresses.includes(to));
    return wayProblems({ member, facts: { ...facts, sources } }, candidates);
  });
}

function wayProblems({ member, facts }: Candidate, all: readonly Candidate[]): readonly QuorateError[] {
  const strange = strangeSource(
    { member, facts },
    all.map((one) => one.facts),
  );
  if (strange === undefined) return [];
  const { address, peerAddress } = member;
  return [
    refusal(
      member,
      `its packets to ${strange.to} leave from ${strange.from}, and others know it as ${strange.known.join(', ')}: their firewalls and its certificate would refuse it`,
      `set ${peerAddress === address ? 'etcd_address' : 'etcd_peer_address'} to ${strange.from}, or give the route the other source: ip route change, with src ${strange.known[0]}`,
    ),
  ];
}

/**
 * A name of another member that leads elsewhere on this host alone: the rules made from it would shut the true one out.
 * Where it leads is for the member's own host to say, if that is what another one finds, too.
 */
function namesakes({ member, facts }: Candidate, all: readonly Candidate[]): readonly QuorateError[] {
  const others = all.filter((one) => one.member.host !== member.host);
  return others.flatMap((other) => {
    const { address, peerAddress } = other.member;
    return [...new Set([address, peerAddress])].flatMap((name) => {
      const here = facts.firewall.resolved.get(name);
      const bound = boundAddress(other.member, other.facts, name === address ? 'client' : 'peer');
      if (here === undefined || bound === undefined || here.includes(bound) || isLoopback(bound)) return [];
      if (!others.some((one) => one.facts.firewall.resolved.get(name)?.includes(bound))) return [];
      return refusal(
        member,
        `${name} is ${here.join(', ')} here, and ${other.member.host} listens on ${bound}: its rules would shut that member out`,
        `put it right in /etc/hosts or the resolver of ${member.host}, or set etcd_address to an IP address`,
      );
    });
  });
}
