import type { Step } from '../../../dsl/step.ts';
import { ledger, tally } from '../common/tally.ts';

/** How far a host has come. */
export interface Progress {
  readonly host: string;
  /** The snapshot was restored beside its data. */
  readonly prepared: boolean;
  /** That is its data now. */
  readonly placed: boolean;
  /** Its old data is aside, wholly or in part. */
  readonly moved: boolean;
  /** etcd runs, on whatever data. */
  readonly up: boolean;
  readonly healthy: boolean;
  /** Its data has alarms of members that there are not. */
  readonly alarmed: boolean;
  readonly leads: boolean;
  /** Its client port is on loopback only. */
  readonly closed: boolean;
}

export type RestoreKind = 'prepare' | 'stop' | 'place' | 'start' | 'wait' | 'open';

export interface RestoreStep extends Step {
  readonly kind: RestoreKind;
}

const TITLES: Readonly<Record<RestoreKind, string>> = {
  prepare: 'bring the snapshot, and restore it beside the data',
  stop: 'stop etcd',
  place: 'set the old data aside, and put the restored in its place',
  start: 'start etcd, closed to clients',
  wait: 'wait until all members have the same data',
  open: 'open it to clients',
};

/**
 * What is left to be done. All is prepared while the old cluster still serves; then all members are stopped before the
 * first of them gets other data: two clusters never serve at once. Clients come in when the new one is whole.
 *
 * @example restoreSteps(threeHostsThatServe) // 3 × prepare, 3 × stop, 3 × place, 3 × start, wait, 3 × open
 */
export function restoreSteps(hosts: readonly Progress[]): readonly RestoreStep[] {
  const steps: RestoreStep[] = [];
  let healthy = hosts.filter((one) => one.healthy).length;
  const add = (kind: RestoreKind, { host }: Progress, change = 0) => {
    const before = tally(hosts.length, healthy);
    healthy += change;
    steps.push({ host, title: TITLES[kind], kind, ledger: ledger(before, { healthy: change }) });
  };
  const allPlaced = hosts.every(({ placed }) => placed);
  for (const one of hosts) if (!one.prepared && !one.placed) add('prepare', one);
  if (!allPlaced) for (const one of hosts) if (one.up) add('stop', one, one.healthy ? -1 : 0);
  for (const one of hosts) if (!one.placed) add('place', one);
  for (const one of hosts) if (!allPlaced || !one.up) add('start', one, 1);
  const whole = allPlaced && hosts.every((one) => one.up && one.healthy && !one.alarmed);
  if (!whole && hosts[0]) add('wait', hosts[0], hosts.length - healthy);
  const followersFirst = [...hosts].sort((a, b) => Number(a.leads) - Number(b.leads));
  for (const one of allPlaced ? followersFirst : hosts)
    if (one.closed || !allPlaced || !one.up) add('open', one);
  return steps;
}
