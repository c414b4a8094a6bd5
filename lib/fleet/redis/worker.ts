import type { Worker } from 'bullmq';
import { EXIT, type ExitCode } from '../../errors.ts';
import { onSignals } from '../conduct.ts';
import type { FleetView } from '../events.ts';
import { backoffOf } from '../order.ts';
import { carryOutJob, type Hands } from './carry-out.ts';
import { coordinate } from './coordinate.ts';
import { JOBS, PREFIX, type QueuedJob, type QueuedRun, type Queues, RUNS } from './queues.ts';

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
  const hands: Hands = { queues, name, view, underWay: new Map(), leaving: false };
  const shared = {
    connection: queues.redis,
    prefix: PREFIX,
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
    // A connection that has gone is told of by the connection itself.
    worker.on('error', (error) => {
      if (!isConnection(error)) view.emit({ event: 'log', level: 'warning', message: error.message });
    });
  }
  const stopWatching = watchCancels(hands);
  await new Promise<void>((resolve) => {
    const forget = onSignals((signal) => {
      if (hands.leaving) for (const { process } of hands.underWay.values()) process?.cancel();
      if (hands.leaving) return;
      hands.leaving = true;
      const busy = hands.underWay.size;
      const message = `${signal}: no further jobs; ${busy} under way${busy > 0 ? ' finish, once more to end them' : ''}`;
      view.emit({ event: 'log', level: 'info', message });
      void Promise.all(workers.map((worker) => worker.close())).then(() => {
        forget();
        resolve();
      });
    });
  });
  stopWatching();
  return EXIT.ok;
}

function isConnection(error: Error): boolean {
  return /ECONN|EPIPE|ETIMEDOUT|Connection is closed|LOADING|EAI_AGAIN|ENOTFOUND/.test(
    `${(error as NodeJS.ErrnoException).code} ${error.message}`,
  );
}

/** Asks every second whether a job under way, or its run, was cancelled. */
function watchCancels({ queues, underWay }: Hands): () => void {
  let asking = false;
  const timer = setInterval(async () => {
    if (asking || underWay.size === 0) return;
    asking = true;
    const all = [...underWay.values()];
    const marks = await queues.redis.mget(all.flatMap(({ marks }) => marks)).catch(() => []);
    for (const [i, job] of all.entries()) {
      if (job.cancelled || !(marks[2 * i] ?? marks[2 * i + 1])) continue;
      job.cancelled = true;
      job.process?.cancel();
    }
    asking = false;
  }, 1000);
  return () => clearInterval(timer);
}
