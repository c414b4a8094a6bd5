import type { QuorateError } from '../../errors.ts';
import type { Intent } from '../facts/intent.ts';
import { refusal } from '../refusal.ts';
import type { EtcdHost } from '../surveyed.ts';

/**
 * The latest intent of the hosts that is not reached yet; undefined without one. A host that was away while it was
 * reached has it still as open: others know better, of that run or of one that began later.
 */
export function openIntent(hosts: readonly EtcdHost[]): Intent | undefined {
  const all = hosts.flatMap(({ target }) => target.facts.intent ?? []);
  return all.find(
    (one) =>
      one.done === undefined &&
      !all.some(({ runId, done }) => runId > one.runId || (runId === one.runId && done !== undefined)),
  );
}

/** The latest one that was reached by this verb; undefined where there is none, or another one is open. */
export function doneIntent(hosts: readonly EtcdHost[], verb: string): Intent | undefined {
  if (openIntent(hosts)) return undefined;
  return hosts
    .map(({ target }) => target.facts.intent)
    .find((one) => one?.verb === verb && one.done !== undefined && !one.givenUp);
}

/** The run that began what this verb has not finished. */
export function openRun(hosts: readonly EtcdHost[], verb: string): string | undefined {
  const open = openIntent(hosts);
  return open?.verb === verb ? open.runId : undefined;
}

/** Why this may not begin: something else was begun and is not finished, none of the verbs that it `replaces`. */
export function intentProblem(
  cluster: { readonly name: string },
  hosts: readonly EtcdHost[],
  verb: string,
  target?: string,
  replaces: readonly string[] = [],
): QuorateError | undefined {
  const open = openIntent(hosts);
  if (open === undefined || replaces.includes(open.verb)) return undefined;
  if (open.verb === verb && (target === undefined || open.target === target)) return undefined;
  return refusal(
    cluster,
    `run ${open.runId} has begun something that is not finished: ${open.verb}, to ${open.target}`,
    `finish it first: run ${open.verb} again, to the same target`,
  );
}
