import type { FleetView } from '../events.ts';
import { usage } from '../flags.ts';
import type { JobReport } from '../order.ts';
import { isEnd } from '../outcome.ts';
import type { JobProcess } from '../process.ts';
import type { QueuedJob, Queues } from './queues.ts';

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
  /** So often it was asked to end. */
  cancelled: number;
  /** Its process has ended; Redis may not know of it yet. */
  over: boolean;
}

/** Time between two beats, ms. */
const PACE = 1000;
/** How long a worker that has lost Redis may take to say again what it has, ms. */
const SETTLE = 3000;

/**
 * Says every second which jobs this worker has in hand, and asks whether one of them, or its run, was cancelled. What was
 * said holds for `silence`, in ms. Gives back how to end it.
 */
export function beat({ queues, underWay, name }: Hands, silence: number): () => Promise<void> {
  let asking = false;
  const timer = setInterval(async () => {
    if (asking) return;
    asking = true;
    await look().catch(() => {});
    asking = false;
  }, PACE);
  const look = async () => {
    await queues.redis.set(handsKey(queues, name), JSON.stringify([...underWay.keys()]), 'PX', silence);
    await queues.redis.zadd(workersKey(queues), (await now(queues)) + silence, name);
    const all = [...underWay.values()];
    const marks = all.length === 0 ? [] : await queues.redis.mget(all.flatMap((job) => job.marks));
    for (const [i, job] of all.entries()) heed(job, marks.slice(2 * i, 2 * i + 2));
  };
  return async () => {
    clearInterval(timer);
    if (queues.redis.status !== 'ready') return;
    await queues.redis.del(handsKey(queues, name));
    await queues.redis.zrem(workersKey(queues), name);
  };
}

/** Has a job end as often as its marks say that it, or its run, was cancelled: each time is another Ctrl-C. */
export function heed(job: Pick<UnderWay, 'process' | 'cancelled'>, marks: readonly (string | null)[]): void {
  const asked = Math.max(...marks.map(Number));
  for (; job.cancelled < asked; job.cancelled++) job.process?.cancel();
}

/**
 * Takes the name of a worker. One that has died keeps its name for its silence, which is waited for; throws exit code 1
 * where another one is there, which says so each second.
 */
export async function takeName(
  queues: Queues,
  name: string,
  silence: number,
  tell: (message: string) => void,
): Promise<void> {
  const key = handsKey(queues, name);
  for (let least = Number.POSITIVE_INFINITY; ; ) {
    if ((await queues.redis.set(key, '[]', 'PX', silence, 'NX')) !== null) break;
    const left = await queues.redis.pttl(key);
    if (left > least)
      throw usage(`a worker of the name ${name} is there already`, '--name gives this one its own');
    if (least === Number.POSITIVE_INFINITY)
      tell(`a worker of the name ${name} was here a moment ago: waiting until it is known that it has gone`);
    least = left;
    await new Promise((resolve) => setTimeout(resolve, PACE / 2));
  }
  await queues.redis.zadd(workersKey(queues), (await now(queues)) + silence, name);
}

/** Names of the workers that are there; one that dies is among them for the time of its silence. */
export async function namesOf(queues: Queues): Promise<readonly string[]> {
  const at = await now(queues);
  await queues.redis.zremrangebyscore(workersKey(queues), 0, at);
  return (await queues.redis.zrangebyscore(workersKey(queues), at, '+inf')).sort();
}

/** By the clock of Redis, which all share, in ms. */
export async function now({ redis }: Pick<Queues, 'redis'>): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

function workersKey({ prefix }: Queues): string {
  return `${prefix}:workers`;
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
  const at = await now(queues);
  if (lost?.times !== job.stalledCounter) {
    await job.updateData({ ...job.data, lost: { times: job.stalledCounter, at } });
    return true;
  }
  if (at - lost.at < SETTLE) return true;
  const said = await queues.redis.get(handsKey(queues, worker));
  if (said !== null && (JSON.parse(said) as string[]).includes(id)) return true;
  // It may have ended between these two looks; the next delivery sees how.
  const latest = (await queues.jobs.getJob(id))?.progress as Partial<JobReport> | undefined;
  return latest?.status !== undefined && isEnd(latest.status);
}

function handsKey({ prefix }: Queues, worker: string): string {
  return `${prefix}:hands:${worker}`;
}
