import { jobLine } from '../line.ts';
import { backoffOf, type JobReport } from '../order.ts';
import { isEnd, verdictOf } from '../outcome.ts';
import { type JobEnd, startJob } from '../process.ts';
import { isStopped } from '../waves.ts';
import { type Hands, isInHand, type UnderWay } from './hands.ts';
import { cancelKey, failedKey, MARK_SECONDS, type QueuedJob, type Queues } from './queues.ts';
import { hopeless, isHopeless, refusalOf, refusedBy } from './refusal.ts';

/** Before a job that this worker has refused, or that another one still has, is offered again, in ms. */
const AGAIN = 1000;
/** A line that is longer is told of, and not kept. */
const LONG_LINE = 64 * 1024;

/**
 * One delivery of a job. What is final is returned, or thrown as unrecoverable where the job has failed; what may pass is
 * thrown, and the queue tries again. One that another delivery has brought to its end is not begun anew.
 */
export async function carryOutJob(hands: Hands, job: QueuedJob, token: string): Promise<JobReport> {
  const { queues } = hands;
  const { order, wave, size, job: one } = job.data;
  const id = job.id as string;
  const base = { cluster: one.cluster, wave, attempt: job.attemptsMade + 1 };
  const known = job.progress as Partial<JobReport>;
  if (known.status !== undefined && isEnd(known.status))
    return await end(hands, job, { ...base, ...known } as JobReport);
  if (await isInHand(hands, job)) return await later(job, token);
  const own: UnderWay = { marks: [cancelKey(order.run), cancelKey(id)], cancelled: false };
  if ((await queues.redis.exists(...own.marks)) > 0)
    return await end(hands, job, { ...base, status: 'cancelled' });
  // What was begun is tried again all the same.
  const isNew = known.status === undefined || known.status === 'waiting';
  const failed = isNew ? await queues.redis.scard(failedKey(order.run, wave)) : 0;
  if (isStopped(failed, order.errors, size)) return await end(hands, job, { ...base, status: 'skipped' });
  const refusal = await refusalOf(order, one);
  if (refusal !== undefined) return await refuse(hands, job, token, refusal);
  hands.underWay.set(id, own);
  try {
    const line = jobLine(one, order);
    await tell(hands, job, { ...base, status: 'running', worker: hands.name });
    own.process = startJob(line, order.check, (text) => keep(job, text));
    if (own.cancelled) own.process.cancel();
    const ended = await own.process.done;
    return await conclude(hands, job, ended, own.cancelled);
  } finally {
    hands.underWay.delete(id);
  }
}

/** Not awaited: a slow Redis must not slow the run. */
function keep(job: QueuedJob, line: string): void {
  const said = line.length > LONG_LINE ? '' : line;
  if (said !== '') job.log(said).catch(() => {});
}

async function conclude(hands: Hands, job: QueuedJob, ended: JobEnd, cancelled: boolean): Promise<JobReport> {
  const { order, wave, job: one } = job.data;
  const attempt = job.attemptsMade + 1;
  const verdict = verdictOf({ code: ended.code, cancelled, check: order.check });
  const status = verdict !== 'retry' ? verdict : attempt >= order.attempts ? 'failed' : 'retrying';
  const report: JobReport = {
    ...{ cluster: one.cluster, wave, status, attempt, worker: hands.name, changed: ended.changed },
    elapsedMs: Math.round(ended.elapsedMs),
    ...(ended.code !== undefined && { exitCode: ended.code }),
    ...(ended.reason !== undefined && { reason: ended.reason }),
    ...(ended.runId !== undefined && { jobRunId: ended.runId }),
    ...(status === 'retrying' && { delayMs: backoffOf(order, attempt) }),
  };
  if (status !== 'retrying') return end(hands, job, report);
  await tell(hands, job, report);
  throw new Error(report.reason ?? `exit code ${ended.code}`);
}

async function end(hands: Hands, job: QueuedJob, report: JobReport): Promise<JobReport> {
  const { redis } = hands.queues;
  await tell(hands, job, report);
  if (report.status !== 'failed') return report;
  const key = failedKey(job.data.order.run, report.wave);
  await redis.sadd(key, job.id as string);
  await redis.expire(key, MARK_SECONDS);
  const { UnrecoverableError } = await import('bullmq');
  throw new UnrecoverableError(report.reason ?? `exit code ${report.exitCode}`);
}

/** Leaves the job to others; where nobody has what is meant for too long, it has failed. */
async function refuse(hands: Hands, job: QueuedJob, token: string, why: string): Promise<JobReport> {
  const { wave, job: one, order } = job.data;
  const now = Date.now();
  const refused = refusedBy(job.data.refused, hands.name, why, now);
  const alive = await namesOf(hands.queues);
  const report: JobReport = { cluster: one.cluster, wave, status: 'waiting', reason: `${hands.name} ${why}` };
  if (isHopeless(refused, alive, order.patience, now))
    return end(hands, job, { ...report, status: 'failed', reason: hopeless(refused) });
  await job.updateData({ ...job.data, refused });
  await tell(hands, job, report);
  return await later(job, token);
}

/** Has the job offered again in a moment, to whoever is free then; no attempt is counted. */
async function later(job: QueuedJob, token: string): Promise<never> {
  await job.moveToDelayed(Date.now() + AGAIN, token);
  const { DelayedError } = await import('bullmq');
  throw new DelayedError();
}

/** Names of the workers that are there; none where Redis does not say. */
export async function namesOf({ jobs }: Queues): Promise<readonly string[]> {
  const workers = await jobs.getWorkers().catch(() => []);
  return workers.flatMap(({ rawname = '' }) => /:w:(.+)$/.exec(rawname)?.[1] ?? []);
}

async function tell(hands: Hands, job: QueuedJob, report: JobReport): Promise<void> {
  await job.updateProgress(report);
  hands.view.emit({ event: 'job', ...report, cluster: job.id as string });
}
