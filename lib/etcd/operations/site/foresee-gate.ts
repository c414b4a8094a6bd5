import { isDue, type PlayRun } from '../../../dsl/play.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { knownAnswers } from '../../health/ask.ts';
import { foreseenRefusal, gateRefusal } from '../../health/gate.ts';
import { changesService, isInTurn, isRisked, leaderLast, stops } from '../../roll.ts';
import { clusterFacts, clustersOf, type EtcdHost, type Surveyed } from '../../surveyed.ts';

/** In a check: says in which order members come, or what the gate would refuse, with its exit code. */
export async function foreseeGate(run: PlayRun<EtcdFacts>): Promise<void> {
  for (const surveyed of clustersOf(run)) {
    const { starting, turns } = inTurns(surveyed);
    const [first, ...others] = turns;
    if (first === undefined) continue;
    const answers = await knownAnswers(run, surveyed);
    const refused =
      starting.size === 0
        ? gateRefusal(answers, first, stops(first))
        : foreseenRefusal(answers, starting, first, stops(first));
    if (refused) run.fail(refused);
    else if (others.length > 0) {
      const order = turns.map(({ target }) => target.name).join(', then ');
      run.log('info', `${surveyed.cluster.name}: one member at a time, the leader last: ${order}`);
    }
  }
}

/** Members in the order of their turns, and the hosts of those that a run starts before, which may heal the cluster. */
function inTurns(surveyed: Surveyed): {
  readonly starting: ReadonlySet<string>;
  readonly turns: readonly EtcdHost[];
} {
  if (clusterFacts(surveyed)?.state !== 'live') return { starting: new Set(), turns: [] };
  const due = surveyed.hosts.filter(({ plan }) => plan.some((one) => isDue(one) && isInTurn(one)));
  const starting = due.filter((host) => !isRisked(host) && changesService(host));
  return {
    starting: new Set(starting.map(({ target }) => target.name)),
    turns: leaderLast(due.filter(isRisked), surveyed),
  };
}
