import type { PlannedTask, PlayRun } from '../../../dsl/play.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { passGate } from '../../health/gate.ts';
import { settle } from '../../health/settle.ts';
import { canSpareOne, quorum } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import { roll } from '../../roll.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';

/** Plans a member anew and carries that out in its turn, between two gates; by default all of it. */
export async function takeTurn(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  host: EtcdHost,
  which: (planned: PlannedTask) => boolean = () => true,
): Promise<void> {
  await host.replan();
  if (canSpareOne(surveyed.cluster)) return roll(run, surveyed, [host], { apply: (one) => one.apply(which) });
  await passGate(run, surveyed, host, false);
  await host.apply(which);
  await settle(run, surveyed, [host]);
}

/** A cluster that has no member to spare is down during each restart: only for who says so. */
export function refuseDowntime(surveyed: Surveyed): void {
  const { cluster, hosts } = surveyed;
  if (canSpareOne(cluster) || hosts[0]?.target.vars['accept-downtime'] === true) return;
  const voters = cluster.members.length;
  throw refusal(
    cluster,
    `nothing was changed: ${voters} voters, quorum ${quorum(voters)}: restarting one leaves ${voters - 1}`,
    '--accept-downtime lets the cluster be down during each restart',
  );
}
