import { hostNames, type PlayRun } from '../../../dsl/play.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { clusterOf, memberOf, quorum } from '../../model/cluster.ts';
import { must } from '../../must.ts';
import { refusal } from '../../refusal.ts';
import { openOf } from '../../survey/intents.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';
import { fileWords } from '../../verbs.ts';
import { clearHost } from '../common/left-over.ts';
import type { OperationStep } from '../common/operation.ts';
import { ledger, tallyOf } from '../common/tally.ts';
import { VERB } from './flags.ts';
import type { RestoreStanding } from './progress.ts';

/** The user has said `--give-up`. */
export function givesUp([first]: readonly EtcdHost[]): boolean {
  return first?.target.vars['give-up'] === true;
}

/** A host that is lost may be why it cannot go on; most are wanted, since theirs is the cluster from then on. */
export function mayMissToGiveUp({ hosts, unreachable }: PlayRun<EtcdFacts>): readonly string[] {
  const [first] = hosts;
  if (first === undefined) return [];
  return hosts.length < quorum(clusterOf(first.target).members.length) ? [] : unreachable;
}

/**
 * What is left until hosts are as they were before a restore was begun: what it has brought goes. Members that it has
 * stopped stay so. Throws 3 where it has set data aside.
 */
export function giveUpSteps(
  run: PlayRun<EtcdFacts>,
  { cluster, hosts }: Surveyed,
  { open, progress, movedHosts }: RestoreStanding,
): readonly OperationStep[] {
  if (open === undefined) {
    run.log('info', `${cluster.name}: no restore is under way: there is nothing to give up`);
    return [];
  }
  if (movedHosts.length > 0) {
    throw refusal(
      cluster,
      `run ${open.runId} has set the data of ${movedHosts.join(', ')} aside: it cannot be given up any more`,
      `go on with it: ${verbLine(VERB, cluster, ...fileWords(open.notes?.from ?? 'FILE'))}; with --again it begins anew, on the hosts of the inventory`,
    );
  }
  return hosts
    .filter((_host, i) => progress[i]?.left)
    .map((host) => ({
      host: host.target.name,
      title: 'take away what the restore has brought',
      ledger: ledger(tallyOf(hosts)),
      carryOut: () =>
        must(host, 'taking away what the restore has brought', clearHost(memberOf(host.target))),
    }));
}

/** What is asked before. */
export function giveUpQuestion({ cluster, hosts }: Surveyed): string {
  const open = openOf(hosts, VERB);
  return `${cluster.name}: what run ${open?.runId} has begun (${VERB}, to ${open?.target}) is given up on ${hostNames(hosts)}: no data was set aside, and what was brought goes. Go on?`;
}
