import { newRunId, runId } from '../../dsl/common/run-id.ts';
import type { QuorateError } from '../../errors.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { type Intent, intentFile } from '../facts/intent.ts';
import { type Member, memberOf } from '../model/cluster.ts';
import { refusal } from '../refusal.ts';
import type { EtcdHost } from '../surveyed.ts';
import type { NamedCluster } from '../verb-line.ts';
import { finishLine, mayEndByFew, mayInterrupt } from '../verbs.ts';

/** A host with what it has noted. */
export interface Noted {
  readonly target: { readonly facts: Pick<EtcdFacts, 'intent'> };
}

interface SetUp {
  readonly target: { readonly facts: Pick<EtcdFacts, 'intent' | 'owner'> };
}

/** The latest intent of the hosts that is not reached yet; undefined without one. See `openAmong`. */
export function openIntent(hosts: readonly Noted[]): Intent | undefined {
  return openAmong(hosts.map(({ target }) => target.facts.intent));
}

/**
 * The latest one of these notes that is not reached yet; undefined without one. A host that was away while it was
 * reached has it still as open: others know better, of that run or of one that began later.
 */
export function openAmong(notes: readonly (Intent | undefined)[]): Intent | undefined {
  const given = notes.flatMap((note) => note ?? []);
  const reached = new Set(given.flatMap(({ runId, done }) => (done === undefined ? [] : [runId])));
  const all = given.map((one) => (one.under && reached.has(one.runId) ? one.under : one));
  return all
    .filter((one) => one.done === undefined && !isOver(one, all))
    .sort((a, b) => (a.runId < b.runId ? -1 : 1))
    .at(-1);
}

/**
 * Whether others know that it is over. All hosts note it before the first step, so fewer than have it as open are not
 * believed, but for the end of a recovery, during which most hosts may have been away.
 */
function isOver(one: Intent, all: readonly Intent[]): boolean {
  const isSame = ({ runId }: Intent) => runId === one.runId;
  const later = all.filter((other) => other.runId > one.runId || (isSame(other) && other.done !== undefined));
  if (later.some((other) => other.done !== undefined && mayEndByFew(other.verb))) return true;
  const open = all.filter((other) => isSame(other) && other.done === undefined);
  return later.length >= open.length;
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
  const says = setUp.filter(({ target: { facts } }) => isSaidBy(facts, rotation));
  return says.length * 2 > setUp.length ? rotation : undefined;
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
  return refusal(cluster, openSaid(open), goOnHint(open, cluster, witnesses(hosts)));
}

/** That it is open, in the words that every verb has for it. */
export function openSaid({ runId, verb, target }: Intent): string {
  return `run ${runId} has begun something that is not finished: ${verb}, to ${target}`;
}

/** A host with what it says, and where it has that. */
export interface Witness {
  readonly member: Pick<Member, 'host' | 'stateDir'>;
  readonly facts: Pick<EtcdFacts, 'intent' | 'owner'>;
}

export function witnesses(hosts: readonly EtcdHost[]): readonly Witness[] {
  return hosts.map(({ target }) => ({ member: memberOf(target), facts: target.facts }));
}

/**
 * How to go on with what is open: the file of a restore is named where it was noted. Where at most half of the hosts say
 * that it is open, nobody else has to believe them: who they are, and how their word is taken back, is said first.
 */
export function goOnHint(open: Intent, cluster: NamedCluster, hosts: readonly Witness[]): string {
  const { verb, notes, runId } = open;
  const hint = finishLine(verb, cluster, notes?.from);
  const setUp = hosts.filter(({ facts }) => facts.intent ?? facts.owner);
  const says = setUp.filter(({ facts }) => isSaidBy(facts, open));
  if (says.length === setUp.length || says.length * 2 > setUp.length) return hint;
  const files = says.map(({ member }) => `${member.host}:${intentFile(member)}`).join(', ');
  const names = says.map(({ member }) => member.host).join(', ');
  const dated = runId > newRunId(new Date()) ? ', of a time that is yet to come by the clock here' : '';
  return `only ${names} says so${dated}: if nobody has begun that, remove ${files}; else: ${hint}`;
}

/** Whether a host has noted it, also where another verb had to come first. */
function isSaidBy({ intent }: Pick<EtcdFacts, 'intent'>, { runId }: Intent): boolean {
  return [intent, intent?.under].some((one) => one?.runId === runId);
}
