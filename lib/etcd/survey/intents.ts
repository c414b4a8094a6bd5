import { runId } from '../../dsl/common/run-id.ts';
import { hostNames } from '../../dsl/play.ts';
import type { QuorateError } from '../../errors.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { type Intent, intentFile } from '../facts/intent.ts';
import { memberOf } from '../model/cluster.ts';
import { refusal } from '../refusal.ts';
import type { EtcdHost } from '../surveyed.ts';
import type { NamedCluster } from '../verb-line.ts';
import { finishLine, mayInterrupt } from '../verbs.ts';

/** A host with what it has noted. */
export interface Noted {
  readonly target: { readonly facts: Pick<EtcdFacts, 'intent'> };
}

interface SetUp {
  readonly target: { readonly facts: Pick<EtcdFacts, 'intent' | 'owner'> };
}

/**
 * The latest intent of the hosts that is not reached yet; undefined without one. A host that was away while it was
 * reached has it still as open: others know better, of that run or of one that began later.
 */
export function openIntent(hosts: readonly Noted[]): Intent | undefined {
  const given = hosts.flatMap(({ target }) => target.facts.intent ?? []);
  const reached = new Set(given.flatMap(({ runId, done }) => (done === undefined ? [] : [runId])));
  const all = given.map((one) => (one.under && reached.has(one.runId) ? one.under : one));
  return all.find(
    (one) =>
      one.done === undefined &&
      !all.some(({ runId, done }) => runId > one.runId || (runId === one.runId && done !== undefined)),
  );
}

/** What a host is heading for: what was done counts no more where something is open again since. */
export function intentOn({ target: { facts } }: EtcdHost): Intent | undefined {
  const { intent } = facts;
  return (intent?.done !== undefined && intent.under) || intent;
}

/** What is under way and waits for this verb, also where another one had to come first. */
export function waitingFor(hosts: readonly EtcdHost[], verb: string): Intent | undefined {
  const open = openIntent(hosts);
  return [open, open?.under].find((one) => one !== undefined && mayInterrupt(verb, one.verb));
}

/**
 * The rotation of a CA that is under way, also where another verb had to come first. It is noted on all before anything
 * is done: what less than half of those that are set up say brings no CA to the others.
 */
export function openRotation(hosts: readonly SetUp[]): Intent | undefined {
  const open = openIntent(hosts);
  const rotation = [open, open?.under].find((one) => one?.verb === 'certs');
  if (rotation === undefined) return undefined;
  const setUp = hosts.filter(({ target: { facts } }) => facts.intent ?? facts.owner);
  const says = ({ target: { facts } }: SetUp) =>
    [facts.intent, facts.intent?.under].some((one) => one?.runId === rotation.runId);
  return setUp.filter(says).length * 2 > setUp.length ? rotation : undefined;
}

/** The latest one that was reached by this verb; undefined where there is none, or a later one is open. */
export function doneIntent(hosts: readonly EtcdHost[], verb: string): Intent | undefined {
  const open = openIntent(hosts);
  return hosts
    .flatMap(({ target }) => target.facts.intent ?? [])
    .filter((one) => open === undefined || one.under?.runId === open.runId)
    .find((one) => one.verb === verb && one.done !== undefined && !one.givenUp);
}

/** What this verb has begun and not finished. */
export function openOf(hosts: readonly EtcdHost[], verb: string): Intent | undefined {
  const open = openIntent(hosts);
  return open?.verb === verb ? open : undefined;
}

/**
 * The run as which a verb goes on: the one that began what heads for the same target, else this one. A host that was
 * away while another target took the place of the first is known by the older run.
 */
export function runTowards(hosts: readonly EtcdHost[], verb: string, target: string): string {
  const open = openOf(hosts, verb);
  return open?.target === target ? open.runId : runId();
}

/** Why this may not begin: something else was begun that does not wait for it, and is none of the verbs that it `passes`. */
export function intentProblem(
  cluster: NamedCluster,
  hosts: readonly EtcdHost[],
  verb: string,
  target?: string,
  passes: readonly string[] = [],
): QuorateError | undefined {
  const open = openIntent(hosts);
  if (open === undefined || passes.includes(open.verb) || mayInterrupt(verb, open.verb)) return undefined;
  if (open.verb === verb && (target === undefined || open.target === target)) return undefined;
  const hint = finishHint(open, cluster);
  const isDoubtful = open.verb === 'certs' && openRotation(hosts) === undefined;
  return refusal(cluster, openSaid(open), isDoubtful ? doubt(hosts, open, hint) : hint);
}

/** What too few say to be gone on with would be begun anew. */
function doubt(hosts: readonly EtcdHost[], { runId }: Intent, hint: string): string {
  const [first, ...more] = hosts.filter(({ target: { facts } }) => facts.intent?.runId === runId);
  if (first === undefined) return hint;
  const file = intentFile(memberOf(first.target));
  return `only ${hostNames([first, ...more])} says so: if nobody has begun that, remove ${file} there; else: ${hint}`;
}

/** That it is open, in the words that every verb has for it. */
export function openSaid({ runId, verb, target }: Intent): string {
  return `run ${runId} has begun something that is not finished: ${verb}, to ${target}`;
}

/** How to go on with what is open: the file of a restore is named where it was noted. */
export function finishHint({ verb, notes }: Intent, cluster: NamedCluster): string {
  return finishLine(verb, cluster, notes?.from);
}
