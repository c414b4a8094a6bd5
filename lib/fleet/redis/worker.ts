import type { Worker } from 'bullmq';
import { EXIT, type ExitCode } from '../../errors.ts';
import type { FleetView } from '../events.ts';
import { backoffOf } from '../order.ts';
import { carryOutJob } from './carry-out.ts';
import { coordinate } from './coordinate.ts';
import { beat, type Hands, takeName } from './hands.ts';
import { untilEnd } from './leave.ts';
import { JOBS, type QueuedJob, type QueuedRun, type Queues, RUNS } from './queues.ts';

export interface WorkerOptions {
  readonly name: string;
  readonly concurrency: number;
  /** Silence after which its jobs go to another, in ms. */
  readonly takeover: number;
}

/** Coordinators do no work of their own: they take no place of a job. */
const COORDINATORS = 20;

/** How often a job may lose its worker; then it is told as failed. */
const LOST = 3;

/**
 * Carries out jobs until it is told to end: the first Ctrl-C or TERM lets jobs in hand finish and takes no others, the
 * second one ends these, and others try them again.
 */
export async function work(queues: Queues, options: WorkerOptions, view: FleetView): Promise<ExitCode> {
  const { Worker } = await import('bullmq');
  const { name, concurrency, takeover } = options;
  await takeName(queues, name, takeover, (message) => view.emit({ event: 'log', level: 'info', message }));
  const hands: Hands = { queues, name, view, underWay: new Map(), leaving: false };
  const shared = {
    connection: queues.redis,
    prefix: queues.prefix,
    name,
    lockDuration: takeover,
    stalledInterval: Math.ceil(takeover / 2),
    maxStalledCount: LOST,
  };
  const settings = {
    backoffStrategy: (attempts: number, _?: string, __?: Error, job?: { readonly data: unknown }) =>
      backoffOf((job as QueuedJob).data.order, attempts),
  };
  const workers: Worker[] = [
    new Worker(JOBS, (job, token) => carryOutJob(hands, job as QueuedJob, token ?? ''), {
      ...shared,
      settings,
      concurrency,
    }),
    new Worker(RUNS, (run, token) => coordinate(queues, run as QueuedRun, token ?? ''), {
      ...shared,
      concurrency: COORDINATORS,
    }),
  ];
  for (const worker of workers) {
    worker.on('error', (error) => {
      if (!isExpected(error)) view.emit({ event: 'log', level: 'warning', message: error.message });
    });
  }
  const stopBeat = beat(hands, takeover);
  await untilEnd(hands, workers);
  await stopBeat();
  return EXIT.ok;
}

/** BullMQ's codes of a lock that has gone, or is another's. */
const LOCKS: readonly unknown[] = [-2, -6];

/** A connection that has gone tells so itself; a lock that it has cost is seen to (`isInHand`). */
function isExpected(error: Error): boolean {
  const { code = '', message } = error as { readonly code?: unknown; readonly message: string };
  if (LOCKS.includes(code)) return true;
  // What follows has no codes: ioredis without a connection, Redis that starts, a lock that is not renewed.
  return /ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|^Connection is closed|^LOADING|^could not renew lock|^Socket timeout/.test(
    `${code}${message}`,
  );
}
