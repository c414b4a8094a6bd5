import { hostname } from 'node:os';
import { runId } from '../../dsl/common/run-id.ts';
import { whoami } from '../../whoami.ts';
import { usage } from '../flags.ts';
import { type Job, jobId, type Order } from '../order.ts';
import { named, reportsOf } from './find.ts';
import { cancelRun } from './follow.ts';
import { cancelAgain, type Queues } from './queues.ts';

/** Has a run, or one job, ended; gives back what to tell. */
export async function cancelNamed(queues: Queues, word: string | undefined): Promise<string> {
  const { run, job } = await named(queues, word);
  const { order } = run.data;
  if (job === undefined) {
    if (run.finishedOn !== undefined) throw usage(`run ${order.run} has ended`);
    const times = await cancelAgain(queues, order.run);
    await cancelRun(queues, order.run);
    return times > 1
      ? `run ${order.run}: jobs under way end at once`
      : `run ${order.run} is cancelled: jobs under way finish their tasks in hand, once more to end them; others are not begun`;
  }
  const id = jobId(order.run, job.cluster);
  const queued = await queues.jobs.getJob(id);
  if (run.finishedOn !== undefined || queued?.finishedOn !== undefined) throw usage(`job ${id} has ended`);
  const times = await cancelAgain(queues, id);
  await queued?.promote().catch(() => {});
  return times > 1
    ? `job ${id} ends at once`
    : `job ${id} is cancelled: it finishes its tasks in hand, once more to end them`;
}

/** The order of a run once more, for those of its clusters that it has not brought to an end that is good. */
export async function onceMore(
  queues: Queues,
  word: string | undefined,
): Promise<{ readonly order: Order; readonly jobs: readonly Job[] }> {
  const { run, job } = await named(queues, word);
  const { order, jobs } = run.data;
  if (run.finishedOn === undefined) throw usage(`run ${order.run} has not ended`, 'fleet cancel ends it');
  const reports = await reportsOf(queues, run);
  const isGood = (cluster: string) =>
    reports.some(
      (report) => report.cluster === cluster && (report.status === 'done' || report.status === 'drift'),
    );
  const left = job ? [job] : jobs.filter(({ cluster }) => !isGood(cluster));
  if (left.length === 0) throw usage(`run ${order.run} has nothing left to try again`);
  return {
    order: { ...order, run: runId(), retryOf: order.run, who: whoami(), from: hostname() },
    jobs: left,
  };
}
