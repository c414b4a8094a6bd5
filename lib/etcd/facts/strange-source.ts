import { isIP } from 'node:net';
import { canonicalAddress, isLoopback } from '../../addresses.ts';
import type { Member } from '../model/cluster.ts';
import { boundAddress } from './bound-address.ts';
import type { EtcdFacts } from './index.ts';
import type { Source } from './network-facts.ts';

/** A way to another member that is begun under an address which nobody knows. */
export interface StrangeSource extends Source {
  /** The addresses that others know the member by; at least one. */
  readonly known: readonly string[];
}

/** The first such way of a member, by the facts of its host and of `all`; undefined without any. */
export function strangeSource(
  { member, facts }: { readonly member: Member; readonly facts: EtcdFacts },
  all: readonly EtcdFacts[],
): StrangeSource | undefined {
  const known = knownAddresses(member, facts, all);
  const strange = facts.sources.find(({ from }) => !known.has(from));
  return strange === undefined || known.size === 0 ? undefined : { ...strange, known: [...known] };
}

/** By number: as the inventory has them, as the host binds them, and as hosts resolve its names. */
function knownAddresses(member: Member, facts: EtcdFacts, all: readonly EtcdFacts[]): ReadonlySet<string> {
  const { address, listenAddress, peerAddress, peerListenAddress } = member;
  const given = [address, listenAddress, peerAddress, peerListenAddress].flatMap((one) => one ?? []);
  const bound = (['client', 'peer'] as const).flatMap((end) => boundAddress(member, facts, end) ?? []);
  const resolved = all.flatMap(({ firewall }) => given.flatMap((name) => firewall.resolved.get(name) ?? []));
  const numbers = [...given, ...bound, ...resolved].filter((one) => isIP(one) !== 0 && !isLoopback(one));
  return new Set(numbers.map(canonicalAddress));
}
