import { isDue, type PlayRun } from '../../../dsl/play.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { knownAnswers } from '../../health/ask.ts';
import { gateRefusal } from '../../health/gate.ts';
import { isInTurn, isRisked, leaderLast, stops } from '../../roll.ts';
import { clusterFacts, clustersOf, type EtcdHost, type Surveyed } from '../../surveyed.ts';

/** In a check: says in which order members come, or what the gate would refuse, with its exit code. */
export async function foreseeGate(run: PlayRun<EtcdFacts>): Promise<void> {
  for (const surveyed of clustersOf(run)) {
    const [first, ...others] = inTurns(surveyed);
    if (first === undefined) continue;
    const refused = gateRefusal(await knownAnswers(run, surveyed), first, stops(first));
    if (refused) run.fail(refused);
    else if (others.length > 0) {
      const order = [first, ...others].map(({ target }) => target.name).join(', then ');
      run.log('info', `${surveyed.cluster.name}: one member at a time, the leader last: ${order}`);
    }
  }
}

/** Members in the order of their turns; none where members are started first, which may heal the cluster. */
function inTurns(surveyed: Surveyed): readonly EtcdHost[] {
  if (clusterFacts(surveyed)?.state !== 'live') return [];
  const due = surveyed.hosts.filter(({ plan }) => plan.some((one) => isDue(one) && isInTurn(one)));
  return due.every(isRisked) ? leaderLast(due, surveyed) : [];
}
