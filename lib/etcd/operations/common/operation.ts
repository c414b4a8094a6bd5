import {
  hostNames,
  namesOf,
  type Play,
  type PlayProblem,
  type PlayRun,
  type Strategy,
} from '../../../dsl/play.ts';
import type { HostData, Role, Target } from '../../../dsl/role.ts';
import type { Step } from '../../../dsl/step.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { etcdPlay } from '../../play.ts';
import { refusal } from '../../refusal.ts';
import { untilTimersRest } from '../../snapshots/timers.ts';
import { openOf } from '../../survey/intents.ts';
import { clustersOf, type Surveyed } from '../../surveyed.ts';
import type { VerbName } from '../../verbs.ts';
import { etcdStrategy } from '../site/strategy.ts';
import { refuseBare, showOutcome } from '../site/verify.ts';
import { clusterProblems, isOfCluster } from './cluster-flag.ts';
import { beginIntent, finishIntent, type Wish } from './intent.ts';
import { withoutHosts } from './without-hosts.ts';

/** A step with how it is carried out; it is done once the members no longer ask for it. */
export interface OperationStep extends Step {
  /** Throws to end the operation here. */
  carryOut(): Promise<void>;
}

/** A verb on a living cluster: what it compares, and which steps follow from that. */
export interface Operation {
  /** The playbook: `members`. `VERBS` says what other verbs have to know of it. */
  readonly name: VerbName;
  /** What is wrong with the command line or the inventory, before any contact. */
  check?(hosts: readonly HostData[]): readonly PlayProblem[] | Promise<readonly PlayProblem[]>;
  /**
   * Refuses what is not safe, and gives what is left to be done, in order, from what the hosts say now; nothing is left
   * when the list is empty. Reads only. Called before the first step and after each; `target.facts` are fresh.
   */
  derive(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<readonly OperationStep[]>;
  /** What the state of the cluster cannot tell: kept on the hosts until it is reached. Asked before the first step. */
  wish?(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<Wish | undefined>;
  /** Brings along what the steps need, once they are agreed to and before anything is changed: whatever throws ends it. */
  prepare?(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<void>;
  /** Hosts that may be out of reach: what is done is about them. By default none may. */
  mayMiss?(run: PlayRun<EtcdFacts>): readonly string[];
  /** There need not be a cluster yet: what is done is about one to come. By default there must. */
  mayBeBare?(target: Target<EtcdFacts>): boolean;
  /** What is asked before the first step, by default whether to go on; undefined where nothing is to be asked. */
  question?(surveyed: Surveyed): string | undefined;
  /** Looks at the cluster in the end, where all is done; by default its health. */
  verify?(run: PlayRun<EtcdFacts>): Promise<void>;
}

/** Most steps of one operation: no cluster takes more, so a longer list never ends, and is a bug of ours. */
const MAX_STEPS = 500;

/**
 * The play of an operation over the group `etcd`. A check tells the steps; a run shows them, asks, and takes them one by
 * one under the locks of all members' hosts: after each, everything is read again and the list is made anew.
 *
 * @param roles What a member's host is to be like, for operations that set one up or change it (`host.replan`).
 */
export function operationPlay(operation: Operation, roles: readonly Role<EtcdFacts>[] = []): Play<EtcdFacts> {
  const play = etcdPlay(operation.name, roles);
  return {
    ...play,
    strategy: operationStrategy(operation),
    check: async (hosts) => [
      ...((await play.check?.(hosts)) ?? []),
      ...clusterProblems(hosts),
      ...((await operation.check?.(hosts)) ?? []),
    ],
  };
}

function operationStrategy(operation: Operation): Strategy<EtcdFacts> {
  let planned: readonly OperationStep[] = [];
  return {
    scope: (selected, all) => etcdStrategy.scope?.(selected.filter(isOfCluster), all) ?? [],
    plansLater: true,
    anyHost: true,
    async admit(run) {
      const [surveyed] = clustersOf(run);
      if (surveyed === undefined) return;
      if (!operation.mayBeBare?.(surveyed.hosts[0]!.target)) refuseBare(run, surveyed);
      refuseMissing(run, surveyed, operation);
      planned = await operation.derive(run, surveyed);
      for (const step of planned) run.step(toldOf(step), 'planned');
    },
    async converge(run) {
      const [surveyed] = clustersOf(run);
      if (surveyed === undefined) return;
      if (planned.length === 0) return closeIntent(run, operation, surveyed);
      const question = operation.question ? operation.question(surveyed) : `${surveyed.cluster.name}: go on?`;
      if (question !== undefined && !(await run.consent(question))) {
        throw refusal(surveyed.cluster, 'not agreed to: nothing was changed');
      }
      await run.locked(run.hosts, async () => {
        await untilTimersRest(run, run.hosts);
        await carryOutAll(run, operation, planned);
      });
    },
    async verify(run) {
      if (run.check && planned.length > 0) return;
      await (operation.verify ?? showOutcome)(run);
    },
  };
}

/**
 * All is done, and a run that did it was killed before it could say so; or what was begun towards another target is not
 * wanted any more, and nothing of it is left.
 */
async function closeIntent(run: PlayRun<EtcdFacts>, operation: Operation, surveyed: Surveyed): Promise<void> {
  const open = openOf(run.hosts, operation.name);
  if (open === undefined) return;
  const wish = await operation.wish?.(run, surveyed);
  if (wish === undefined) return;
  await run.locked(run.hosts, () => finishIntent(run, operation.name, wish));
  if (wish.target === open.target) return;
  run.log(
    'info',
    `${surveyed.cluster.name}: what run ${open.runId} has begun (${open.verb}, to ${open.target}) is given up`,
  );
}

function refuseMissing(run: PlayRun<EtcdFacts>, surveyed: Surveyed, { name, mayMiss }: Operation): void {
  const allowed = mayMiss?.(run) ?? [];
  const missing = run.unreachable.filter((host) => !allowed.includes(host));
  if (missing.length === 0) return;
  throw refusal(
    surveyed.cluster,
    `not reached: ${missing.join(', ')}; nothing was changed`,
    withoutHosts(name, surveyed, missing, 'missing'),
    EXIT.unreachable,
  );
}

async function carryOutAll(
  run: PlayRun<EtcdFacts>,
  operation: Operation,
  agreed: readonly OperationStep[],
): Promise<void> {
  let left = await deriveAnew(run, operation);
  if (!isPartOf(left.map(nameOf), agreed.map(nameOf))) {
    throw refusal(
      surveyedOf(run).cluster,
      'its state has changed since the steps were shown: nothing was changed',
      'run again, and look at the steps as they are now',
    );
  }
  await operation.prepare?.(run, surveyedOf(run));
  const [next, ...others] = left;
  // Nothing is begun, so nothing is noted either.
  if (next && run.stopping()) throw stopped(next, others);
  const wish = await operation.wish?.(run, surveyedOf(run));
  if (wish) await beginIntent(run, operation.name, wish);
  for (let count = 0; left.length > 0; count++) {
    if (count === MAX_STEPS) throw new Error(`${operation.name}: more than ${MAX_STEPS} steps`);
    left = await takeFirst(run, operation, left);
  }
  if (wish) await finishIntent(run, operation.name, wish);
}

/** Carries out the first and proves it; gives what is left then. */
async function takeFirst(
  run: PlayRun<EtcdFacts>,
  operation: Operation,
  [step, ...rest]: readonly OperationStep[],
): Promise<readonly OperationStep[]> {
  if (step === undefined) return [];
  if (run.stopping()) throw stopped(step, rest);
  const told = toldOf(step);
  run.step(told, 'begun');
  try {
    await step.carryOut();
    const left = await deriveAnew(run, operation);
    if (left[0] && nameOf(left[0]) === nameOf(step)) throw notProven(step);
    run.step(told, 'done');
    return left;
  } catch (error) {
    run.step(told, 'failed');
    if (rest.length > 0) run.log('info', `not begun: ${rest.map(nameOf).join('; ')}`);
    throw error;
  }
}

/** All that is left was agreed to, in that order: one that ends by itself meanwhile need not be stopped any more. */
function isPartOf(left: readonly string[], agreed: readonly string[]): boolean {
  let at = 0;
  for (const name of agreed) if (left[at] === name) at++;
  return at === left.length;
}

async function deriveAnew(run: PlayRun<EtcdFacts>, operation: Operation): Promise<readonly OperationStep[]> {
  await run.each(run.hosts, (host) => host.refresh());
  const failed = run.hosts.filter((host) => run.failed(host));
  if (failed.length > 0) {
    const surveyed = surveyedOf(run);
    throw refusal(
      surveyed.cluster,
      `${hostNames(failed)} failed in this step: no further step is taken`,
      withoutHosts(operation.name, surveyed, namesOf(failed), 'failed'),
    );
  }
  return operation.derive(run, surveyedOf(run));
}

function surveyedOf(run: PlayRun<EtcdFacts>): Surveyed {
  const [surveyed] = clustersOf(run);
  if (surveyed === undefined) throw new Error('an operation without a cluster');
  return surveyed;
}

function toldOf({ host, title, ledger }: Step): Step {
  return { host, title, ledger };
}

function nameOf({ host, title }: Step): string {
  return `${host}: ${title}`;
}

function notProven(step: Step): QuorateError {
  return refusal(
    { host: step.host },
    `"${step.title}" was carried out, and is still to be done`,
    'nothing further is touched; run again with -v to see what it did',
  );
}

/** Between two steps an operation can stop for good: what is done is whole. */
function stopped(step: Step, rest: readonly Step[]): QuorateError {
  return new QuorateError(`stopped on request; still to be done: ${[step, ...rest].map(nameOf).join('; ')}`, {
    exitCode: EXIT.interrupted,
    hint: 'run again to go on',
  });
}
