import { runId } from '../../dsl/common/run-id.ts';
import type { QuorateError } from '../../errors.ts';
import type { Intent } from '../facts/intent.ts';
import { refusal } from '../refusal.ts';
import type { EtcdHost } from '../surveyed.ts';
import { type NamedCluster, verbLine } from '../verb-line.ts';

/**
 * The latest intent of the hosts that is not reached yet; undefined without one. A host that was away while it was
 * reached has it still as open: others know better, of that run or of one that began later.
 */
export function openIntent(hosts: readonly EtcdHost[]): Intent | undefined {
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

/**
 * What is open again once this verb is done, since it cannot wait: a rotation of the CA and an upgrade want all members,
 * of which one may be lost for good. What a recovery makes is another cluster, and an upgrade of the old one ends with it.
 * By hand is done what no verb does, for a member in need (a full one) or for clients, while a rotation waits for weeks. Certificates that end meanwhile are issued anew: both verbs
 * want those that hold.
 */
const WAITING: Readonly<Record<string, readonly string[]>> = {
  members: ['certs', 'upgrade'],
  restore: ['certs', 'upgrade'],
  recover: ['certs'],
  etcdctl: ['certs', 'upgrade'],
  issue: ['certs', 'upgrade'],
};

/** Whether what one verb has begun goes on behind the other. */
export function waitsFor(begun: string, verb: string): boolean {
  return WAITING[verb]?.includes(begun) === true;
}

/** What is under way and waits for this verb, also where another one had to come first. */
export function waitingFor(hosts: readonly EtcdHost[], verb: string): Intent | undefined {
  const open = openIntent(hosts);
  return [open, open?.under].find((one) => one !== undefined && waitsFor(one.verb, verb));
}

/** The rotation of a CA that is under way, also where another verb had to come first. */
export function openRotation(hosts: readonly EtcdHost[]): Intent | undefined {
  const open = openIntent(hosts);
  return [open, open?.under].find((one) => one?.verb === 'certs');
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
  if (open === undefined || passes.includes(open.verb) || waitsFor(open.verb, verb)) return undefined;
  if (open.verb === verb && (target === undefined || open.target === target)) return undefined;
  return refusal(
    cluster,
    `run ${open.runId} has begun something that is not finished: ${open.verb}, to ${open.target}`,
    finishHint(open, cluster),
  );
}

/** How to go on with what is open. */
export function finishHint({ verb }: Intent, cluster: NamedCluster): string {
  if (verb === 'certs') return `finish it first: ${verbLine(verb, cluster, '--rotate-ca')}`;
  const further = `finish it first, to the same target: ${verbLine(verb, cluster)}`;
  if (verb === 'upgrade') return `${further}; or go back, with etcd_version as it was before`;
  if (verb !== 'restore') return further;
  return `finish it first, to the same target: ${verbLine(verb, cluster, '--from', 'FILE')}; while all have their own data, ${verbLine(verb, cluster, '--give-up')} ends it; where a host of it is lost for good, take that out of the inventory and begin anew with --again`;
}
