import { memberOf } from '../../model/cluster.ts';
import type { EtcdHost } from '../../surveyed.ts';
import { joinNeeds, refuseNarrow } from '../common/room.ts';
import type { PlannedStep } from './steps.ts';

/** Refuses (3) hosts that are to get a member, and have no room for the data of the others. */
export async function refuseNarrowNewcomers(
  hosts: readonly EtcdHost[],
  steps: readonly Pick<PlannedStep, 'deed'>[],
): Promise<void> {
  const coming = steps.flatMap(({ deed }) =>
    deed.kind === 'add' || (deed.kind === 'start' && !deed.place.data) ? [deed.place.host] : [],
  );
  const bytes = Math.max(0, ...hosts.map(({ target }) => target.facts.reading?.status?.dbSize ?? 0));
  const newcomers = hosts.filter(({ target }) => coming.includes(target.name));
  await Promise.all(newcomers.map((host) => refuseNarrow(host, joinNeeds(memberOf(host.target), bytes))));
}
