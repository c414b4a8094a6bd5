import type { QuorumLedger, Step } from '../../../dsl/step.ts';
import { ledger, tally } from '../common/tally.ts';
import type { Progress } from '../restore/steps.ts';

export type RecoverKind = 'stop' | 'gather' | 'place' | 'empty' | 'start' | 'wait' | 'grow' | 'open';

export interface RecoverStep extends Step {
  readonly kind: RecoverKind;
}

const TITLES: Readonly<Record<Exclude<RecoverKind, 'grow'>, string>> = {
  stop: 'stop etcd',
  gather: 'make one member of all that its data and its raft log have, beside them',
  place: 'set the old data aside, and put that member in its place',
  empty: 'set its old data aside, where it has some',
  start: 'start etcd, closed to clients',
  wait: 'wait until it works by itself',
  open: 'open it to clients',
};

/** A step of growing, before it can be read from the members themselves. */
type Grown = { readonly host: string; readonly title: string; readonly ledger: QuorumLedger };

/**
 * What is left to be done. All that run are stopped before anything is moved, so that two clusters never serve at once;
 * the old data of every host is aside before the new cluster begins, so that none of it comes up again beside it.
 *
 * @param hosts Those that are reached, the survivor among them.
 * @param grown What its members say is left until all hosts have one, once the survivor works; foreseen before.
 */
export function recoverSteps(
  survivor: string,
  hosts: readonly Progress[],
  grown: readonly Grown[],
): readonly RecoverStep[] {
  const steps: RecoverStep[] = [];
  const first = hosts.find(({ host }) => host === survivor);
  if (first === undefined) return [];
  const others = hosts.filter((one) => one !== first);
  let healthy = hosts.filter((one) => one.healthy).length;
  const add = (kind: Exclude<RecoverKind, 'grow'>, { host }: Progress, voters: number, change = 0) => {
    const before = tally(voters, healthy);
    healthy += change;
    steps.push({ host, title: TITLES[kind], kind, ledger: ledger(before, { healthy: change }) });
  };
  const allPlaced = hosts.every(({ placed }) => placed);
  if (!allPlaced) {
    for (const one of hosts) if (one.up) add('stop', one, hosts.length, one.healthy ? -1 : 0);
    if (!first.placed && !first.prepared) add('gather', first, hosts.length);
    if (!first.placed) add('place', first, hosts.length);
    for (const one of others) if (!one.placed) add('empty', one, hosts.length);
  }
  const begins = !allPlaced || !first.up;
  if (begins) add('start', first, 1);
  const works = !begins && first.healthy;
  if (!works) add('wait', first, 1, 1);
  for (const step of grown) steps.push({ ...step, kind: 'grow' });
  healthy = hosts.length;
  const isToOpen = (one: Progress) => !works || one.closed || grown.some(({ host }) => host === one.host);
  const leaderLast = [...others, first].sort((a, b) => Number(works && a.leads) - Number(works && b.leads));
  for (const one of leaderLast) if (isToOpen(one)) add('open', one, hosts.length);
  return steps;
}
