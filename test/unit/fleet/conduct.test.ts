import { describe, expect, it } from 'vitest';
import { conduct } from '../../../lib/fleet/conduct.ts';
import type { Engine, FleetEvent, FleetView } from '../../../lib/fleet/events.ts';
import type { Order } from '../../../lib/fleet/order.ts';
import type { JobStatus } from '../../../lib/fleet/outcome.ts';

const ORDER: Order = {
  run: 'R',
  playbook: { own: 'site' },
  name: 'site',
  words: [],
  check: false,
  yes: false,
  waves: ['100%'],
  errors: 0,
  ...{ attempts: 3, backoff: 1, patience: 1, who: 'lena', from: 'laptop' },
};
const JOBS = [{ cluster: 'c1', inventory: 'c1.yaml' }];

function viewOf(events: FleetEvent[]): FleetView {
  return { emit: (event) => events.push(event), close: async () => {} };
}

/** An engine whose only job stands so once it has heard of a signal. */
function engineOf(status: JobStatus, heard: string[]): Engine {
  let over = () => {};
  return {
    carryOut: (_, __, hear) =>
      new Promise((resolve) => {
        over = () => {
          hear.job({ cluster: 'c1', wave: 1, status });
          resolve();
        };
      }),
    cancel(signal) {
      heard.push(signal);
      over();
    },
  };
}

describe('a fleet that is told to end', () => {
  it.each([
    ['SIGINT', 'cancelled', 130],
    ['SIGTERM', 'cancelled', 143],
    // Who leaves a run that goes on does not know how it ends.
    ['SIGTERM', 'running', 143],
    ['SIGINT', 'running', 130],
    ['SIGTERM', 'done', 0],
    ['SIGTERM', 'failed', 2],
  ] as const)('by %s, and is %s: %i', async (signal, status, code) => {
    const heard: string[] = [];
    const ended = conduct(engineOf(status, heard), ORDER, JOBS, viewOf([]), []);
    process.emit(signal, signal);
    expect(await ended).toBe(code);
    expect(heard).toEqual([signal]);
  });
});
