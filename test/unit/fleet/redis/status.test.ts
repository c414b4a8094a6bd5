import { expect, it } from 'vitest';
import type { FleetEvent } from '../../../../lib/fleet/events.ts';
import type { Order } from '../../../../lib/fleet/order.ts';
import type { Queues } from '../../../../lib/fleet/redis/queues.ts';
import { showRun } from '../../../../lib/fleet/redis/status.ts';

it('a run that is looked at later begins with the event that it began with', async () => {
  const order: Order = {
    run: 'R',
    playbook: { own: 'site' },
    name: 'site',
    words: [],
    check: true,
    yes: false,
    message: 'nightly',
    retryOf: 'Q',
    waves: [1, '100%'],
    errors: 0,
    ...{ attempts: 3, backoff: 1, patience: 1, who: 'lena', from: 'laptop' },
  };
  const jobs = ['c1', 'c2', 'c3'].map((cluster) => ({ cluster, inventory: `${cluster}.yaml` }));
  const run = {
    ...{ id: 'R', timestamp: 0, finishedOn: 1, opts: {}, data: { order, jobs, wave: 2 } },
    returnvalue: { exitCode: 0, clusters: { c1: 'done', c2: 'done', c3: 'done' } },
  };
  const queues = {
    runs: { getJobs: async ([state]: string[]) => (state === 'completed' ? [run] : []) },
    jobs: { getJob: async () => undefined },
  } as unknown as Queues;
  const events: FleetEvent[] = [];
  await showRun(queues, 'R', false, { emit: (event) => events.push(event), close: async () => {} });
  expect(events[0]).toEqual({
    event: 'fleet',
    playbook: 'site',
    check: true,
    clusters: ['c1', 'c2', 'c3'],
    waves: [1, 2],
    who: 'lena',
    from: 'laptop',
    message: 'nightly',
    retryOf: 'Q',
  });
});
