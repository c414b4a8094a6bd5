import { usage } from '../flags.ts';
import { type Job, type JobReport, jobId } from '../order.ts';
import { type QueuedJob, type QueuedRun, type Queues, reportOf } from './queues.ts';

/** Runs that are looked through, the newest first. */
const MOST = 500;

/** Runs that have begun, the newest first; what a schedule has yet to begin is none. */
export async function newestRuns({ runs }: Queues, most = MOST): Promise<readonly QueuedRun[]> {
  const states = ['active', 'waiting', 'waiting-children', 'delayed', 'completed', 'failed'] as const;
  const found = (
    await Promise.all(states.map((state) => runs.getJobs([state], 0, most - 1)))
  ).flat() as QueuedRun[];
  const begun = found.filter((run) => run?.data.patterns === undefined || run.finishedOn !== undefined);
  return [...new Map(begun.map((run) => [run.id, run])).values()]
    .sort((a, b) => b.timestamp - a.timestamp)
    .slice(0, most);
}

/** What a word names: a run, or a job of one. */
export interface Named {
  readonly run: QueuedRun;
  readonly job?: Job;
}

/**
 * A run by its ID, by a begin or an end of it that no other has, or as `last`; a job by its ID, `RUN.CLUSTER`, or by its
 * cluster alone: that of the newest run that has it. Throws exit code 1.
 */
export async function named(queues: Queues, word: string | undefined): Promise<Named> {
  if (word === undefined)
    throw usage('no run and no job is named', 'fleet status lists runs; last is the newest');
  const all = await newestRuns(queues);
  const exact = all.find((run) => run.data.order.run === word);
  if (exact) return { run: exact };
  for (const run of all) {
    const job = run.data.jobs.find(
      ({ cluster }) => jobId(run.data.order.run, cluster) === word || cluster === word,
    );
    if (job) return { run, job };
  }
  const [newest] = all;
  if (word === 'last' && newest) return { run: newest };
  const near = all.filter(({ data }) => data.order.run.startsWith(word) || data.order.run.endsWith(word));
  if (near.length === 1 && near[0]) return { run: near[0] };
  throw usage(
    near.length > 1 ? `${word} is the name of ${near.length} runs` : `there is no run and no job ${word}`,
    'fleet status lists runs; last is the newest',
  );
}

/** How all jobs of a run stand. */
export async function reportsOf(
  { jobs }: Queues,
  { data, returnvalue }: QueuedRun,
): Promise<readonly JobReport[]> {
  const { order } = data;
  const found = await Promise.all(data.jobs.map(({ cluster }) => jobs.getJob(jobId(order.run, cluster))));
  return data.jobs.map(({ cluster }, i) => {
    const job = found[i] as QueuedJob | undefined;
    if (job) return reportOf(job);
    const status = returnvalue?.clusters?.[cluster] ?? 'waiting';
    return { cluster, wave: 0, status };
  });
}
