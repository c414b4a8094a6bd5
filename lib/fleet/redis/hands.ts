import type { FleetView } from '../events.ts';
import type { JobReport } from '../order.ts';
import type { JobProcess } from '../process.ts';
import { PREFIX, type QueuedJob, type Queues } from './queues.ts';

/** A worker, and what it has in hand. */
export interface Hands {
  readonly queues: Queues;
  readonly name: string;
  readonly view: FleetView;
  readonly underWay: Map<string, UnderWay>;
  /** It was told to end. */
  leaving: boolean;
}

export interface UnderWay {
  /** Keys that are there once its run, or it, is cancelled. */
  readonly marks: readonly [run: string, job: string];
  process?: JobProcess;
  cancelled: boolean;
}

/** Time between two beats, ms. */
const PACE = 1000;
/** How long a worker that has lost Redis may take to say again what it has, ms. */
const SETTLE = 3000;

/**
 * Says every second which jobs this worker has in hand, and asks whether one of them, or its run, was cancelled. What was
 * said holds for `silence`, in ms. Gives back how to end it.
 */
export function beat({ queues, underWay, name }: Hands, silence: number): () => void {
  let asking = false;
  const timer = setInterval(async () => {
    if (asking) return;
    asking = true;
    await look().catch(() => {});
    asking = false;
  }, PACE);
  const look = async () => {
    await queues.redis.set(handsKey(name), JSON.stringify([...underWay.keys()]), 'PX', silence);
    const all = [...underWay.values()];
    const marks = all.length === 0 ? [] : await queues.redis.mget(all.flatMap((job) => job.marks));
    for (const [i, job] of all.entries()) {
      if (job.cancelled || !(marks[2 * i] ?? marks[2 * i + 1])) continue;
      job.cancelled = true;
      job.process?.cancel();
    }
  };
  return () => clearInterval(timer);
}

/**
 * A job that is delivered once more because Redis was gone for longer than its lock holds, while its worker goes on with
 * it: what becomes of it there is waited for.
 */
export async function isInHand({ queues, name, underWay }: Hands, job: QueuedJob): Promise<boolean> {
  const { status, worker } = job.progress as Partial<JobReport>;
  if (status !== 'running' || worker === undefined) return false;
  const id = job.id as string;
  if (worker === name) return underWay.has(id);
  const { lost } = job.data;
  if (lost?.times !== job.stalledCounter) {
    await job.updateData({ ...job.data, lost: { times: job.stalledCounter, at: Date.now() } });
    return true;
  }
  if (Date.now() - lost.at < SETTLE) return true;
  const said = await queues.redis.get(handsKey(worker));
  return said !== null && (JSON.parse(said) as string[]).includes(id);
}

function handsKey(worker: string): string {
  return `${PREFIX}:hands:${worker}`;
}
