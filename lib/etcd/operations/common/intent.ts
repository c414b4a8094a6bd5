import { runId } from '../../../dsl/common/run-id.ts';
import { hostNames, type PlayRun } from '../../../dsl/play.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { type Intent, recoveredBy, writeIntent } from '../../facts/intent.ts';
import { clusterOf, memberOf } from '../../model/cluster.ts';
import { must } from '../../must.ts';
import { refusal } from '../../refusal.ts';
import { openIntent, runTowards, waitingFor } from '../../survey/intents.ts';
import { noteRecovery } from '../../survey/recoveries.ts';
import { recoveredLast, recoveryOf } from '../../surveyed.ts';

/** What an operation heads for: see `Intent`. */
export type Wish = Pick<Intent, 'target' | 'notes' | 'givenUp'> & {
  /** As which run it goes on or begins anew; by default see `runTowards`. */
  readonly runId?: string;
};

/**
 * Puts the wish on every host, before the first step; another target takes the place of one that this verb has open, as
 * of a later run. What waits for it stays below it.
 */
export async function beginIntent(run: PlayRun<EtcdFacts>, verb: string, wish: Wish): Promise<void> {
  await onAll(run, { verb, runId: runTowards(run.hosts, verb, wish.target), ...wish, ...below(run, verb) });
}

/** After the last step: the wish has come true. */
export async function finishIntent(run: PlayRun<EtcdFacts>, verb: string, wish: Wish): Promise<void> {
  const begun = openIntent(run.hosts)?.runId ?? runId();
  const intent = { verb, ...wish, runId: begun, done: runId(), ...below(run, verb) };
  const [first] = run.hosts;
  const recovered = recoveredBy(intent);
  if (first && recovered !== undefined)
    await noteRecovery(clusterOf(first.target), recovered).catch((error: Error) =>
      run.log('warning', `${verb} is noted on the hosts alone, not here: ${error.message}`),
    );
  await onAll(run, intent);
}

function below({ hosts }: PlayRun<EtcdFacts>, verb: string): Pick<Intent, 'under'> {
  const under = waitingFor(hosts, verb);
  return under === undefined ? {} : { under };
}

/**
 * Write the intent on every host before the next step: a rerun reads it from whichever it reaches. Carry `recovered`
 * along: hosts with the old data may come back at any time. A host keeps a later one that it alone has: that may be
 * all there is of a recovery which a majority with old data knows nothing of.
 */
async function onAll(run: PlayRun<EtcdFacts>, wished: Intent): Promise<void> {
  const doing = 'noting what is under way';
  const recovered = recoveredLast(run.hosts);
  const noted = await run.each(run.hosts, async (host) => {
    const intent = { ...wished, ...laterOf(recovered, recoveryOf(host)) };
    await must(host, doing, writeIntent(memberOf(host.target), intent));
    host.target.facts.intent = intent;
  });
  const left = run.hosts.filter((host) => !noted.includes(host));
  if (left.length === 0) return;
  throw refusal(
    { name: wished.verb },
    `${wished.target} could not be noted on ${hostNames(left)}: no further step is taken`,
    'put that right, then run again to go on',
  );
}

function laterOf(...runs: readonly (string | undefined)[]): Pick<Intent, 'recovered'> {
  const recovered = runs
    .flatMap((run) => run ?? [])
    .sort()
    .at(-1);
  return recovered === undefined ? {} : { recovered };
}
