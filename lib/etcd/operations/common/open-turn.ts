import type { PlayRun } from '../../../dsl/play.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { settle } from '../../health/settle.ts';
import { canSpareOne } from '../../model/cluster.ts';
import { roll } from '../../roll.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';

/**
 * Restart a member with new data, to open it to clients. Where no member can be spared there is no gate before, on
 * purpose: it would refuse to lose the quorum, and the step before this one has seen the cluster whole.
 */
export async function openInTurn(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  host: EtcdHost,
  open: (host: EtcdHost) => Promise<void>,
): Promise<void> {
  if (canSpareOne(surveyed.cluster)) return roll(run, surveyed, [host], { apply: open }, { restarts: true });
  await open(host);
  await settle(run, surveyed, [host]);
}
