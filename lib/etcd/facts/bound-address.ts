import type { Member } from '../model/cluster.ts';
import type { EtcdFacts } from './index.ts';

/** The IP address that a member binds for clients or for members; undefined where the host cannot resolve it. */
export function boundAddress(
  member: Member,
  facts: Pick<EtcdFacts, 'resolved' | 'resolvedPeer'>,
  end: 'client' | 'peer',
): string | undefined {
  const { address, peerAddress, listenAddress, peerListenAddress } = member;
  if (end === 'client') return listenAddress ?? facts.resolved;
  return peerListenAddress ?? (peerAddress === address ? facts.resolved : facts.resolvedPeer);
}
