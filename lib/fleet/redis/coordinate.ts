import { projectName } from '../../project-name.ts';
import { type Job, jobId } from '../order.ts';
import { exitOf, type JobStatus } from '../outcome.ts';
import { nextStep, wavesOf } from '../waves.ts';
import { pinned } from './pin.ts';
import {
  addWave,
  cancelKey,
  JOBS,
  type QueuedRun,
  type Queues,
  type RunData,
  type RunEnd,
} from './queues.ts';

/**
 * One step of a run's coordinator: adds the next wave as its children and waits for them (which frees its worker), or
 * ends the run. Whatever it does may be done again by another worker: jobs have names, and none is added twice.
 */
export async function coordinate(queues: Queues, run: QueuedRun, token: string): Promise<RunEnd> {
  const { WaitingChildrenError } = await import('bullmq');
  let data = await begun(run);
  const waves = wavesOf(data.jobs, data.order.waves);
  for (;;) {
    const { order, wave } = data;
    const ended = await endedOf(queues, run, data);
    const last = (waves[wave - 1] ?? []).map(({ cluster }) => ended.get(cluster));
    const cancelled = (await queues.redis.exists(cancelKey(queues, order.run))) > 0;
    const failed = last.filter((status) => status === 'failed').length;
    const step = nextStep(waves, wave, { failed, cancelled, errors: order.errors });
    if (step !== 'wave') return endOf(data, ended, cancelled);
    await addWave(queues, run, order, wave + 1, waves[wave] ?? [], ended);
    data = { ...data, wave: wave + 1 };
    await run.updateData(data);
    if (await run.moveToWaitingChildren(token)) throw new WaitingChildrenError();
  }
}

/** A scheduled run takes its clusters, and what they are made of, from the project as it is now. */
async function begun(run: QueuedRun): Promise<RunData> {
  const { patterns, shards = 1, order: scheduled, ...data } = run.data;
  if (patterns === undefined) return run.data;
  // First: where the rest fails, it fails under a name of its own.
  const order = { ...scheduled, run: runIdOf(run) };
  await run.updateData({ ...run.data, order });
  const project = projectName();
  if (order.project !== project)
    throw new Error(
      `the schedule is of project ${order.project ?? 'without a name'}, not of ${project ?? 'one without'}`,
    );
  const made = await pinned(order, patterns, shards);
  const whole = { ...data, ...made };
  await run.updateData(whole);
  return whole;
}

/** ID by the time when it was due, the same for whoever begins it. */
function runIdOf({ timestamp, id = '', opts }: QueuedRun): string {
  const due = new Date(opts.prevMillis ?? timestamp).toISOString().replace(/[-:]|\.\d+/g, '');
  let sum = 0;
  for (const char of id) sum = (sum * 31 + char.charCodeAt(0)) % 0x1000000;
  return `${due}-${sum.toString(16).padStart(6, '0')}`;
}

async function endedOf(
  { prefix }: Queues,
  run: QueuedRun,
  { order, jobs }: RunData,
): Promise<ReadonlyMap<string, JobStatus>> {
  const [values, failures] = await Promise.all([
    run.getChildrenValues<{ readonly status: JobStatus }>(),
    run.getIgnoredChildrenFailures(),
  ]);
  return new Map(
    jobs.flatMap(({ cluster }) => {
      const key = `${prefix}:${JOBS}:${jobId(order.run, cluster)}`;
      if (Object.hasOwn(failures, key)) return [[cluster, 'failed'] as const];
      const value = values[key];
      return value === undefined ? [] : [[cluster, value.status] as const];
    }),
  );
}

function endOf({ jobs }: RunData, ended: ReadonlyMap<string, JobStatus>, cancelled: boolean): RunEnd {
  const clusters = Object.fromEntries(
    jobs.map(({ cluster }: Job) => [cluster, ended.get(cluster) ?? (cancelled ? 'cancelled' : 'skipped')]),
  );
  return { exitCode: exitOf(Object.values(clusters)), clusters };
}
