import { hasChanges } from '../../../dsl/play.ts';
import { EXIT } from '../../../errors.ts';
import { quorum } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import type { Surveyed } from '../../surveyed.ts';

/** Refuses what is due by the plans of hosts; see `refuseMinority`. */
export function refuseDueOfMinority(surveyed: Surveyed): void {
  if (surveyed.hosts.some(hasChanges)) refuseMinority(surveyed);
}

/** Two runs that each reach another part of a cluster cannot see each other's lock: at most one has the most hosts. */
export function refuseMinority({ cluster, hosts }: Surveyed): void {
  const { length } = cluster.members;
  if (hosts.length >= quorum(length)) return;
  throw refusal(
    cluster,
    `nothing was changed: ${hosts.length} of ${length} hosts reached, and a run holds the locks of at least ${quorum(length)}: another run, elsewhere, may reach the rest`,
    'run again once most hosts are in reach; remove hosts that are gone for good from the inventory',
    EXIT.unreachable,
  );
}
