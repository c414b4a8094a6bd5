import type { QuorumChange, Tally } from '../../../dsl/step.ts';
import { quorum } from '../../model/cluster.ts';
import { type EtcdHost, livingList } from '../../surveyed.ts';

/** How many members vote, and how many of those work. */
export function tally(voters: number, healthy: number): Tally {
  return { voters, quorum: quorum(voters), healthy, spare: healthy - quorum(voters) };
}

/** The cluster as its members list it: those that vote, and those of them that work. */
export function tallyOf(hosts: readonly EtcdHost[]): Tally {
  const voters = (livingList(hosts) ?? []).filter(({ learner }) => !learner);
  const works = ({ id }: { readonly id: string }) =>
    hosts.some(({ target: { facts } }) => facts.reading?.healthy && facts.reading.status?.memberId === id);
  return tally(voters.length, voters.filter(works).length);
}

/** What becomes of the quorum when this many more, or fewer, vote and work. */
export function ledger(
  before: Tally,
  change: { readonly voters?: number; readonly healthy?: number } = {},
): QuorumChange {
  const { voters = 0, healthy = 0 } = change;
  return { before, after: tally(before.voters + voters, before.healthy + healthy) };
}
