import type { Worker } from 'bullmq';
import { onSignals } from '../conduct.ts';
import type { Hands } from './hands.ts';

/** Time between two looks, ms. */
const LOOK = 500;
/** How long after its first connection all others of a worker have found Redis again, in ms. */
const SETTLE = 2000;
/** How long a worker with nothing in hand waits for a Redis that is away, in ms. */
const OUTAGE = 10_000;
/** After that a process ends whatever its libraries wait for, in ms. */
const LAST = 2000;

/**
 * Resolves when a worker has ended: at the first signal it takes no further jobs, and those in hand finish; the second one
 * has them end, and the third kills them.
 */
export function untilEnd(hands: Hands, workers: readonly Worker[]): Promise<void> {
  const { view, underWay } = hands;
  let signals = 0;
  return new Promise((resolve) => {
    const forget = onSignals((signal) => {
      signals += 1;
      if (signals === 2) for (const { process } of underWay.values()) process?.cancel();
      if (signals > 2) for (const { process } of underWay.values()) process?.kill();
      if (signals > 1) return;
      hands.leaving = true;
      const busy = underWay.size;
      const message = `${signal}: no further jobs; ${busy} under way${busy > 0 ? ' finish, once more to end them' : ''}`;
      view.emit({ event: 'log', level: 'info', message });
      void close(hands, workers, () => signals > 2).then(() => {
        forget();
        resolve();
      });
    });
  });
}

/** Closes workers. Not while Redis is away: BullMQ would wait for ever for a connection that is being made anew. */
async function close(hands: Hands, workers: readonly Worker[], isUrgent: () => boolean): Promise<void> {
  const { queues, underWay } = hands;
  let isClosed = false;
  let closing: Promise<void> | undefined;
  let idle = 0;
  for (let ready = SETTLE; !isClosed; ) {
    ready = queues.redis.status === 'ready' ? ready + LOOK : 0;
    if (ready >= SETTLE)
      closing ??= Promise.all(workers.map((worker) => worker.close())).then(() => {
        isClosed = true;
      });
    const look = new Promise<void>((resolve) => setTimeout(resolve, LOOK));
    await Promise.race(closing === undefined ? [look] : [look, closing]);
    const isIdle = [...underWay.values()].every(({ process, over }) => over || process === undefined);
    idle = isIdle ? idle + LOOK : 0;
    if (!isClosed && idle >= (isUrgent() ? 2 * LOOK : OUTAGE)) return giveUp(hands);
  }
}

function giveUp({ queues, view, underWay }: Hands): void {
  const message = `Redis is away: ${underWay.size} finished jobs could not be reported: other workers will run them again`;
  if (underWay.size > 0) view.emit({ event: 'log', level: 'warning', message });
  queues.giveUp();
  setTimeout(() => process.exit(), LAST).unref();
}
