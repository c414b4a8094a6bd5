import { isDue, type PlayRun } from '../../../dsl/play.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { gateRefusal, knownAnswers } from '../../health/gate.ts';
import { isInTurn, isRisked, leaderLast, stops } from '../../roll.ts';
import { clusterFacts, clustersOf, type EtcdHost, type Surveyed } from '../../surveyed.ts';

/** In a check: says what the gate would refuse, and ends with its exit code, as the run would. */
export async function foreseeGate(run: PlayRun<EtcdFacts>): Promise<void> {
  for (const surveyed of clustersOf(run)) {
    const host = firstInTurn(surveyed);
    if (host === undefined) continue;
    const refused = gateRefusal(await knownAnswers(run, surveyed), host, stops(host));
    if (refused) run.fail(refused);
  }
}

/** The member whose turn a run would begin with; undefined where members are started first, which may heal the cluster. */
function firstInTurn(surveyed: Surveyed): EtcdHost | undefined {
  if (clusterFacts(surveyed)?.state !== 'live') return undefined;
  const due = surveyed.hosts.filter(({ plan }) => plan.some((one) => isDue(one) && isInTurn(one)));
  return due.every(isRisked) ? leaderLast(due, surveyed)[0] : undefined;
}
