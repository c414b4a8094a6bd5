import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { conduct } from '../../../lib/fleet/conduct.ts';
import type { Engine, FleetEvent, FleetView } from '../../../lib/fleet/events.ts';
import { localEngine } from '../../../lib/fleet/local.ts';
import type { Order } from '../../../lib/fleet/order.ts';
import type { JobStatus } from '../../../lib/fleet/outcome.ts';
import { scratch } from '../support/scratch.ts';

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
const FIELDS = { time: '2026-01-01T00:00:00Z', runId: 'r' };

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

describe('a fleet', () => {
  it('makes a report of as many lines as there are', async () => {
    const line = (event: object) => JSON.stringify({ ...event, ...FIELDS });
    const start = { event: 'start', playbook: 'site', inventory: ['c1.yaml'], check: false, hosts: ['h'] };
    const task = { event: 'task', host: 'h', role: 'r', task: 't', status: 'ok', changes: [] };
    const recap = { event: 'recap', check: false, hosts: {}, elapsedMs: 1, exitCode: 0 };
    const engine: Engine = {
      async carryOut(_, __, hear) {
        hear.lines([line(start), line(task), ...Array<string>(200_000).fill('{}'), line(recap)]);
        hear.job({ cluster: 'c1', wave: 1, status: 'done' });
      },
      cancel() {},
    };
    const path = join(scratch(), 'all.xml');
    const events: FleetEvent[] = [];
    expect(await conduct(engine, ORDER, JOBS, viewOf(events), [path])).toBe(0);
    expect(readFileSync(path, 'utf8')).toContain('<testcase');
  });

  it('tells of a report that cannot be written, and ends as its jobs did', async () => {
    const engine: Engine = {
      async carryOut(_, __, hear) {
        hear.job({ cluster: 'c1', wave: 1, status: 'failed' });
      },
      cancel() {},
    };
    const events: FleetEvent[] = [];
    const folder = scratch();
    const reports = [join(folder, 'gone/all.xml'), join(folder, 'all.xml')];
    expect(await conduct(engine, ORDER, JOBS, viewOf(events), reports)).toBe(2);
    expect(events.slice(-3)).toMatchObject([
      { level: 'warning', message: expect.stringContaining('gone/all.xml could not be written: ') },
      { level: 'info', message: `0 runs in ${reports[1]}` },
      { event: 'recap', clusters: { c1: { status: 'failed' } }, exitCode: 2 },
    ]);
  });

  it('goes on where a job cannot be begun, which has failed', async () => {
    const events: FleetEvent[] = [];
    const order = { ...ORDER, playbook: { file: 'gone.ts' }, errors: 2 } as const;
    const jobs = [...JOBS, { cluster: 'c2', inventory: 'c2.yaml' }];
    expect(await conduct(localEngine(2), order, jobs, viewOf(events), [])).toBe(2);
    const ends = events.flatMap((event) =>
      event.event === 'job' && event.status === 'failed' ? [event] : [],
    );
    expect(ends).toMatchObject([
      { cluster: 'c1', reason: 'there is no playbook gone.ts' },
      { cluster: 'c2', reason: 'there is no playbook gone.ts' },
    ]);
  });
});
