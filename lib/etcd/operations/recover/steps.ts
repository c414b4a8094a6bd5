import type { QuorumChange, Step } from '../../../dsl/step.ts';
import { ledger, tally } from '../common/tally.ts';
import type { Progress } from '../restore/steps.ts';

export type RecoverKind = 'stop' | 'back' | 'gather' | 'place' | 'empty' | 'start' | 'wait' | 'grow' | 'open';

export interface RecoverStep extends Step {
  readonly kind: RecoverKind;
}

const TITLES: Readonly<Record<Exclude<RecoverKind, 'grow'>, string>> = {
  stop: 'stop etcd',
  back: 'put its own data back, which an earlier run has set aside',
  gather: 'make one member of all that its data and its raft log have, beside them',
  place: 'set the old data aside, and put that member in its place',
  empty: 'set its old data aside, where it has some',
  start: 'start etcd, closed to clients',
  wait: 'wait until it works by itself',
  open: 'open it to clients',
};

/** How far a host has come. */
export interface RecoverProgress extends Progress {
  /** It has data of a member: the one that is made, once it is placed, and what it had before else. */
  readonly data: boolean;
  /** Where it has none: the run before this one that has set its own aside. */
  readonly kept?: string;
}

/** A step of growing, before it can be read from the members themselves. */
type Grown = { readonly host: string; readonly title: string; readonly ledger: QuorumChange };

/**
 * What is left to be done. All that run are stopped before anything is moved, so that two clusters never serve at once;
 * the old data of every host is aside before the new cluster begins, so that none of it comes up again beside it. A host
 * that is reached later, when the new one is begun, is stopped and emptied alone: those that are placed go on.
 *
 * @param hosts Those that are reached, the survivor among them.
 * @param grown What its members say is left until all hosts have one, once the survivor works; foreseen before.
 */
export function recoverSteps(
  survivor: string,
  hosts: readonly RecoverProgress[],
  grown: readonly Grown[],
): readonly RecoverStep[] {
  const steps: RecoverStep[] = [];
  const first = hosts.find(({ host }) => host === survivor);
  if (first === undefined) return [];
  const others = hosts.filter((one) => one !== first);
  const members = first.placed ? hosts.filter((one) => one === first || hasJoined(one)) : hosts;
  let healthy = members.filter((one) => one.healthy).length;
  const add = (kind: Exclude<RecoverKind, 'grow'>, { host }: Progress, voters: number, change = 0) => {
    const before = tally(voters, healthy);
    healthy += change;
    steps.push({ host, title: TITLES[kind], kind, ledger: ledger(before, { healthy: change }) });
  };
  const old = hosts.filter((one) => !first.placed || !one.placed);
  for (const one of old)
    if (one.up) add('stop', one, members.length, one.healthy && members.includes(one) ? -1 : 0);
  if (!first.placed && first.kept !== undefined) add('back', first, members.length);
  if (!first.placed && !first.prepared) add('gather', first, members.length);
  if (!first.placed) add('place', first, members.length);
  for (const one of others) if (!one.placed) add('empty', one, members.length);
  const voters = first.placed ? members.length : 1;
  const begins = !first.placed || !first.up;
  if (begins) add('start', first, voters);
  for (const one of others) if (first.placed && hasJoined(one) && !one.up) add('start', one, voters);
  const works = !begins && first.healthy && !first.alarmed;
  if (!works) add('wait', first, voters, 1);
  for (const step of grown) steps.push({ ...step, kind: 'grow' });
  healthy = hosts.length;
  const isToOpen = (one: Progress) => !works || one.closed || grown.some(({ host }) => host === one.host);
  const leaderLast = [...others, first].sort((a, b) => Number(works && a.leads) - Number(works && b.leads));
  for (const one of leaderLast) if (isToOpen(one)) add('open', one, hosts.length);
  return steps;
}

/** Its old data is aside, so what it has is of the new cluster. */
export function hasJoined({ placed, data }: RecoverProgress): boolean {
  return placed && data;
}
