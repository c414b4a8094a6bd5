import type { FleetEvent } from './events.ts';
import type { Job, Order } from './order.ts';
import { wavesOf } from './waves.ts';

/** The first event of a run: the same when it begins, and when somebody looks at it later. */
export function beginEvent(order: Order, jobs: readonly Job[]): Extract<FleetEvent, { event: 'fleet' }> {
  const { name, check, who, from, message, retryOf, waves } = order;
  return {
    event: 'fleet',
    playbook: name,
    check,
    clusters: jobs.map(({ cluster }) => cluster),
    waves: wavesOf(jobs, waves).map(({ length }) => length),
    who,
    from,
    ...(message !== undefined && { message }),
    ...(retryOf !== undefined && { retryOf }),
  };
}
