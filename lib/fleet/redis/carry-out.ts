import { Keeper } from '../keeper.ts';
import { jobLine } from '../line.ts';
import { backoffOf, type JobReport } from '../order.ts';
import { isEnd, verdictOf } from '../outcome.ts';
import { type JobEnd, startJob } from '../process.ts';
import { isStopped } from '../waves.ts';
import { type Hands, isInHand, namesOf, now, type UnderWay } from './hands.ts';
import { cancelKey, failedKey, KEPT_LINES, MARK_SECONDS, type QueuedJob } from './queues.ts';
import { hopeless, isHopeless, refusalOf, refusedBy } from './refusal.ts';

/** Before a job that this worker has refused, or that another one still has, is offered again, in ms. */
const AGAIN = 1000;
/** Characters of an attempt that Redis keeps, and of one line. */
const KEPT = 2_000_000;
const LONG_LINE = 64 * 1024;

/**
 * Carry out one delivery of a job. Return a final report; throw `UnrecoverableError` for a final failure; throw
 * anything else to have the queue retry. Do not begin a job again that another delivery finished.
 */
export async function carryOutJob(hands: Hands, job: QueuedJob, token: string): Promise<JobReport> {
  const { queues } = hands;
  const { order, wave, size, job: one } = job.data;
  const id = job.id as string;
  const base = { cluster: one.cluster, wave, attempt: job.attemptsMade + 1 };
  const known = job.progress as Partial<JobReport>;
  if (known.status !== undefined && isEnd(known.status))
    return await end(hands, job, { ...base, ...known } as JobReport);
  // Taken while Redis was away from a worker that ends.
  if (hands.leaving || (await isInHand(hands, job))) return await later(job, token);
  const own: UnderWay = {
    marks: [cancelKey(queues, order.run), cancelKey(queues, id)],
    cancelled: 0,
    over: false,
  };
  if ((await queues.redis.exists(...own.marks)) > 0)
    return await end(hands, job, { ...base, status: 'cancelled' });
  // What was begun is tried again anyway.
  const isUntold = known.status === undefined || known.status === 'waiting';
  const isNew = isUntold && job.attemptsMade === 0 && job.stalledCounter === 0;
  const failed = isNew ? await queues.redis.scard(failedKey(queues, order.run, wave)) : 0;
  if (isStopped(failed, order.errors, size)) return await end(hands, job, { ...base, status: 'skipped' });
  const refusal = await refusalOf(order, one);
  if (refusal !== undefined) return await refuse(hands, job, token, refusal);
  hands.underWay.set(id, own);
  try {
    const line = jobLine(one, order);
    await tell(hands, job, { ...base, status: 'running', worker: hands.name });
    own.process = startJob(line, order.check, keeping(job));
    for (let asked = 0; asked < own.cancelled; asked++) own.process.cancel();
    const ended = await own.process.done;
    own.over = true;
    return await conclude(hands, job, token, ended, own);
  } finally {
    hands.underWay.delete(id);
  }
}

/**
 * Keeps what a run prints, to a bound. Not awaited: a slow Redis must not slow the run. What is not an event of a run is not
 * kept: nobody has masked it.
 */
function keeping(job: QueuedJob): (line: string) => void {
  const keeper = new Keeper(KEPT, LONG_LINE, KEPT_LINES);
  return (line) => {
    const kept = line.startsWith('{"event":"') ? keeper.take(line) : undefined;
    if (kept !== undefined) job.log(kept).catch(() => {});
  };
}

async function conclude(
  hands: Hands,
  job: QueuedJob,
  token: string,
  ended: JobEnd,
  own: UnderWay,
): Promise<JobReport> {
  const { order, wave, job: one } = job.data;
  const attempt = job.attemptsMade + 1;
  const how = { code: ended.code, check: order.check };
  let verdict = verdictOf({ ...how, cancelled: own.cancelled > 0 });
  // It may have been cancelled since the last beat: nobody would wake it while it waits to be tried again.
  if (verdict === 'retry' && (await hands.queues.redis.exists(...own.marks)) > 0)
    verdict = verdictOf({ ...how, cancelled: true });
  // Ended by the end of its worker, it has had no fair attempt: another worker begins it again.
  const isHanded = verdict === 'retry' && hands.leaving;
  const isLast = attempt >= order.attempts && !isHanded;
  const status = verdict !== 'retry' ? verdict : isLast ? 'failed' : 'retrying';
  const report: JobReport = {
    ...{ cluster: one.cluster, wave, status, attempt, worker: hands.name, changed: ended.changed },
    elapsedMs: Math.round(ended.elapsedMs),
    ...(ended.code !== undefined && { exitCode: ended.code }),
    ...(ended.reason !== undefined && { reason: ended.reason }),
    ...(ended.runId !== undefined && { jobRunId: ended.runId }),
    ...(status === 'retrying' && { delayMs: isHanded ? AGAIN : backoffOf(order, attempt) }),
  };
  if (status !== 'retrying') return end(hands, job, report);
  await tell(hands, job, report);
  if (isHanded) return await later(job, token);
  throw new Error(report.reason ?? `exit code ${ended.code}`);
}

async function end(hands: Hands, job: QueuedJob, report: JobReport): Promise<JobReport> {
  const { redis } = hands.queues;
  await tell(hands, job, report);
  if (report.status !== 'failed') return report;
  const key = failedKey(hands.queues, job.data.order.run, report.wave);
  await redis.sadd(key, job.id as string);
  await redis.expire(key, MARK_SECONDS);
  const { UnrecoverableError } = await import('bullmq');
  throw new UnrecoverableError(report.reason ?? `exit code ${report.exitCode}`);
}

/** Leaves the job to others; where nobody has what is meant for too long, it has failed. */
async function refuse(hands: Hands, job: QueuedJob, token: string, why: string): Promise<JobReport> {
  const { wave, job: one, order } = job.data;
  const at = await now(hands.queues);
  const refused = refusedBy(job.data.refused, hands.name, why, at);
  const alive = await namesOf(hands.queues);
  const { status: known } = job.progress as Partial<JobReport>;
  const status = known === 'retrying' ? known : 'waiting';
  const report: JobReport = { cluster: one.cluster, wave, status, reason: `${hands.name} ${why}` };
  if (isHopeless(refused, alive, order.patience, at))
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

async function tell(hands: Hands, job: QueuedJob, report: JobReport): Promise<void> {
  await job.updateProgress(report);
  hands.view.emit({ event: 'job', ...report, cluster: job.id as string });
}
