import type { Worker } from 'bullmq';
import { EXIT, type ExitCode } from '../../errors.ts';
import { onSignals } from '../conduct.ts';
import type { FleetView } from '../events.ts';
import { backoffOf } from '../order.ts';
import { carryOutJob } from './carry-out.ts';
import { coordinate } from './coordinate.ts';
import { beat, type Hands, takeName } from './hands.ts';
import { JOBS, type QueuedJob, type QueuedRun, type Queues, RUNS } from './queues.ts';

export interface WorkerOptions {
  readonly name: string;
  readonly concurrency: number;
  /** Silence after which its jobs go to another, in ms. */
  readonly takeover: number;
}

/** Coordinators do no work of their own: they take no place of a job. */
const COORDINATORS = 20;

/** A worker that ends, and has nothing in hand any more, waits so long for a Redis that is away, in ms. */
const OUTAGE = 10_000;
const LOOK = 500;

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

/** Waits for a signal, and for what is in hand; the second signal has that end, and the third kills it. */
function untilEnd(hands: Hands, workers: readonly Worker[]): Promise<void> {
  const { queues, view, underWay } = hands;
  let signals = 0;
  let outage: NodeJS.Timeout | undefined;
  return new Promise<void>((resolve) => {
    const forget = onSignals((signal) => {
      signals += 1;
      if (signals === 2) for (const { process } of underWay.values()) process?.cancel();
      if (signals > 2) for (const { process } of underWay.values()) process?.kill();
      if (signals > 1) return;
      hands.leaving = true;
      const busy = underWay.size;
      const message = `${signal}: no further jobs; ${busy} under way${busy > 0 ? ' finish, once more to end them' : ''}`;
      view.emit({ event: 'log', level: 'info', message });
      outage = watchOutage(hands, () => signals > 2);
      void Promise.all(workers.map((worker) => worker.close())).then(() => {
        clearInterval(outage);
        forget();
        resolve();
      });
    });
  });

  function watchOutage({ underWay }: Hands, isUrgent: () => boolean): NodeJS.Timeout {
    let gone = 0;
    return setInterval(() => {
      const isIdle = [...underWay.values()].every(({ process, over }) => over || process === undefined);
      gone = isIdle && queues.redis.status !== 'ready' ? gone + LOOK : 0;
      if (gone === 0 || (gone < OUTAGE && !isUrgent())) return;
      const untold = underWay.size;
      const message = `Redis is away: ${untold} ended jobs cannot be told of, others begin them again`;
      if (untold > 0) view.emit({ event: 'log', level: 'warning', message });
      clearInterval(outage);
      queues.giveUp();
    }, LOOK);
  }
}

/** A connection that has gone tells so itself; a lock that it has cost is seen to (`isInHand`). */
function isExpected(error: Error): boolean {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return /ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|Connection is closed|LOADING|lock/i.test(
    `${code} ${message}`,
  );
}
