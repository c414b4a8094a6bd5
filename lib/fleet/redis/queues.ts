import type { Queue, Job as QueueJob } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Job, type JobReport, jobId, type Order } from '../order.ts';
import type { JobStatus } from '../outcome.ts';
import { type ConnectOptions, connect, library } from './connection.ts';

export const JOBS = 'jobs';
export const RUNS = 'runs';

/** How long finished jobs are kept, in seconds, and how many. */
const KEPT = { age: 14 * 24 * 3600, count: 10_000 };
const KEPT_RUNS = { age: 14 * 24 * 3600, count: 500 };
/** Lines of one attempt that Redis keeps; all of them lie on the worker, in `.quorate/runs`. */
export const KEPT_LINES = 2000;

/** A job as it lies in Redis. */
export interface JobData {
  readonly order: Order;
  readonly job: Job;
  /** From 1, and how many clusters it has. */
  readonly wave: number;
  readonly size: number;
  /** When it was delivered once more, while its worker may still have it, and for which time. */
  readonly lost?: { readonly times: number; readonly at: number };
  /** Workers that have other code or another inventory, since when, and what they said. */
  readonly refused?: { readonly since: number; readonly workers: Readonly<Record<string, string>> };
}

/** A run as it lies in Redis: its coordinator. */
export interface RunData {
  readonly order: Order;
  /** Empty until a scheduled run begins. */
  readonly jobs: readonly Job[];
  /** Waves that were begun. */
  readonly wave: number;
  /** For a schedule: what its jobs are made of when it is due. */
  readonly patterns?: readonly string[];
  readonly shards?: number;
}

/** What became of a run. */
export interface RunEnd {
  readonly exitCode: number;
  readonly clusters: Readonly<Record<string, JobStatus>>;
}

export type QueuedJob = QueueJob<JobData, JobReport>;
export type QueuedRun = QueueJob<RunData, RunEnd>;

export interface Queues {
  /** All keys of a fleet begin so. */
  readonly prefix: string;
  readonly redis: Redis;
  readonly jobs: Queue<JobData, JobReport>;
  readonly runs: Queue<RunData, RunEnd>;
  /** Waits no longer for a Redis that has gone. */
  giveUp(): void;
  close(): Promise<void>;
}

export async function openQueues(
  url: string | undefined,
  fleet: string,
  options: ConnectOptions,
): Promise<Queues> {
  const { redis, giveUp } = await connect(url, options);
  const { Queue } = await library(() => import('bullmq'));
  // The braces keep them in one slot.
  const prefix = `{quorate.${fleet}}`;
  const settings = { connection: redis, prefix };
  const jobs = new Queue<JobData, JobReport>(JOBS, settings);
  const runs = new Queue<RunData, RunEnd>(RUNS, settings);
  // What is wrong with the connection, the connection tells.
  for (const queue of [jobs, runs]) queue.on('error', () => {});
  return {
    ...{ prefix, redis, jobs, runs, giveUp },
    async close() {
      giveUp();
      await Promise.all([jobs.close(), runs.close()]);
      redis.removeAllListeners('close');
      redis.disconnect();
    },
  };
}

/** Adds a run; workers see to the rest. */
export async function addRun({ runs }: Queues, order: Order, jobs: readonly Job[]): Promise<void> {
  await runs.add('run', { order, jobs, wave: 0 }, { jobId: order.run, ...runOptions() });
}

export function runOptions() {
  return {
    attempts: 10,
    backoff: { type: 'fixed', delay: 5000 },
    removeOnComplete: KEPT_RUNS,
    removeOnFail: KEPT_RUNS,
  };
}

/**
 * Adds the jobs of a wave as children of its run. Those that are there already stay as they are: BullMQ would have the run
 * wait once more for one that has failed, for ever. `ended` are those that may have been there and are kept no longer.
 */
export async function addWave(
  { jobs, prefix }: Queues,
  run: QueuedRun,
  order: Order,
  wave: number,
  clusters: readonly Job[],
  ended: ReadonlyMap<string, unknown>,
): Promise<void> {
  const parent = { id: run.id as string, queue: `${prefix}:${RUNS}` };
  const size = clusters.length;
  const known = await Promise.all(clusters.map(({ cluster }) => jobs.getJob(jobId(order.run, cluster))));
  const missing = clusters.filter(({ cluster }, i) => !known[i] && !ended.has(cluster));
  await jobs.addBulk(
    missing.map((job) => ({
      name: job.cluster,
      data: { order, job, wave, size },
      opts: {
        jobId: jobId(order.run, job.cluster),
        parent,
        ignoreDependencyOnFailure: true,
        attempts: order.attempts,
        backoff: { type: 'custom' },
        // Redis would drop the first ones, and with them how a run began: workers keep to less.
        keepLogs: 2 * KEPT_LINES * order.attempts,
        stackTraceLimit: 1,
        removeOnComplete: KEPT,
        removeOnFail: KEPT,
      },
    })),
  );
}

/** How a job stands by what Redis has of it. */
export function reportOf(job: QueuedJob): JobReport {
  const { order: _, job: one, wave } = job.data;
  const known = typeof job.progress === 'object' ? (job.progress as Partial<JobReport>) : {};
  const report: JobReport = { status: 'waiting', ...known, cluster: one.cluster, wave };
  // The reason of an earlier attempt stays: what has a value has not failed.
  if (job.finishedOn === undefined || job.returnvalue) return { ...report, ...job.returnvalue };
  // One whose worker died too often ends without a word of its own.
  return report.status === 'failed' ? report : { ...report, status: 'failed', reason: job.failedReason };
}

/** All that Redis keeps of what the runs of a job have printed. */
export async function linesOf({ jobs }: Queues, id: string): Promise<readonly string[]> {
  return (await jobs.getJobLogs(id)).logs;
}

export function cancelKey({ prefix }: Pick<Queues, 'prefix'>, id: string): string {
  return `${prefix}:cancel:${id}`;
}

/** The set of a wave's failed jobs: a job that is delivered twice counts once. */
export function failedKey({ prefix }: Pick<Queues, 'prefix'>, run: string, wave: number): string {
  return `${prefix}:failed:${run}:${wave}`;
}

export const MARK_SECONDS = KEPT.age;

/** Has a run, or a job, ended by whoever has it; one that is marked already stays as it is. */
export async function cancel(queues: Queues, id: string): Promise<void> {
  await queues.redis.set(cancelKey(queues, id), 1, 'EX', MARK_SECONDS, 'NX');
}

/** The same, and each further time as another Ctrl-C: resolves to how often that was. */
export async function cancelAgain({ redis, prefix }: Queues, id: string): Promise<number> {
  const key = cancelKey({ prefix }, id);
  const times = await redis.incr(key);
  await redis.expire(key, MARK_SECONDS);
  return times;
}
