import type { Engine, FleetHearer } from '../events.ts';
import { type Job, type JobReport, jobId, type Order } from '../order.ts';
import { isEnd } from '../outcome.ts';
import { isStopped, wavesOf } from '../waves.ts';
import { namesOf } from './hands.ts';
import { addRun, cancel, linesOf, type QueuedJob, type QueuedRun, type Queues, reportOf } from './queues.ts';

/** Time between two looks, ms: at least, and for each job that is looked at. */
const PACE = { least: 300, each: 2 };
/** After that it is said that there is no worker, ms. */
const LONELY = 5000;

/** Why somebody does not stay until a run has ended. */
type Left = keyof typeof LEFT;

const LEFT = {
  'terminal gone': (run: string) => `left, the run goes on: fleet status ${run} tells how it ends`,
  cancelled: (run: string) => `left while jobs finish: fleet status ${run} tells how they end`,
  'not cancelled': (run: string) => `left before Redis was told: fleet cancel ${run} ends the run`,
} as const;

/** An engine of workers: adds the run, and tells how it goes on until it has ended. */
export function redisEngine(queues: Queues): Engine {
  let run: string | undefined;
  let cancelled = false;
  let isMarked = false;
  let leave: (why: Left) => void = () => {};
  const left = new Promise<Left>((resolve) => {
    leave = resolve;
  });
  const mark = async (id: string) => {
    await cancelRun(queues, id);
    isMarked = true;
  };
  return {
    async carryOut(order, jobs, hear) {
      run = order.run;
      const follower = new Follower(queues, order, jobs, hear);
      const follow = async () => {
        await addRun(queues, order, jobs);
        if (cancelled) await mark(order.run);
        await follower.untilEnd(() => cancelled);
      };
      const why = await Promise.race([follow(), left]);
      if (why !== undefined) follower.leave(why);
    },
    cancel(signal) {
      // The run is everybody's: a terminal that goes ends nothing of it.
      if (signal === 'SIGHUP') return leave('terminal gone');
      if (cancelled) return leave(isMarked ? 'cancelled' : 'not cancelled');
      cancelled = true;
      // Where Redis has gone for good, the follower says so.
      if (run !== undefined) mark(run).catch(() => {});
    },
  };
}

/** Has a run ended: what is under way finishes its tasks in hand, what waits to be tried again does not wait longer. */
export async function cancelRun(queues: Queues, run: string): Promise<void> {
  await cancel(queues, run);
  const delayed = await queues.jobs.getJobs(['delayed'], 0, 10_000);
  const own = delayed.filter((job) => job.data.order.run === run);
  await Promise.all(own.map((job) => job.promote().catch(() => {})));
}

/** Tells of a run by looking again and again at what has not ended. */
class Follower {
  readonly #queues: Queues;
  readonly #order: Order;
  readonly #waves: readonly (readonly Job[])[];
  readonly #hear: FleetHearer;
  readonly #told = new Map<string, string>();
  readonly #ended = new Map<string, JobReport>();
  readonly #began = Date.now();
  #wave = 0;
  #isLonely = false;
  #isLeft = false;

  constructor(queues: Queues, order: Order, jobs: readonly Job[], hear: FleetHearer) {
    this.#queues = queues;
    this.#order = order;
    this.#waves = wavesOf(jobs, order.waves);
    this.#hear = hear;
  }

  async untilEnd(isCancelled: () => boolean): Promise<void> {
    while (!this.#isLeft) {
      const run = (await this.#queues.runs.getJob(this.#order.run)) as QueuedRun | undefined;
      await this.#look(run?.data.wave ?? 0, isCancelled());
      if (this.#isLeft) return;
      if (run === undefined || run.finishedOn !== undefined) return this.#end(run);
      await this.#lookForWorkers();
      const open = this.#waves.slice(0, this.#wave).flat().length - this.#ended.size;
      await new Promise((resolve) => setTimeout(resolve, PACE.least + PACE.each * open));
    }
  }

  /** Says no more of a run that goes on, or ends, without anybody who follows it. */
  leave(why: Left): void {
    this.#isLeft = true;
    const said = LEFT[why](this.#order.run);
    this.#hear.log('warning', said);
    if (why !== 'cancelled') return;
    for (const [cluster, wave] of this.#open()) this.#hear.job({ cluster, wave, status: 'cancelled' });
  }

  async #look(begun: number, isCancelled: boolean): Promise<void> {
    for (; this.#wave < begun; this.#wave++) {
      // Tell all of a wave that is over before the next one.
      await this.#lookAtJobs(isCancelled);
      if (this.#isLeft) return;
      this.#hear.wave(this.#wave + 1);
    }
    await this.#lookAtJobs(isCancelled);
  }

  async #lookAtJobs(isCancelled: boolean): Promise<void> {
    const open = this.#waves
      .slice(0, this.#wave)
      .flat()
      .filter(({ cluster }) => !this.#ended.has(cluster));
    const found = await Promise.all(
      open.map(({ cluster }) => this.#queues.jobs.getJob(jobId(this.#order.run, cluster))),
    );
    for (const job of found) {
      if (!job) continue;
      await this.#tell(job as QueuedJob);
      // One that was about to be tried again when the run was cancelled does not wait for its time.
      if (isCancelled && reportOf(job as QueuedJob).status === 'retrying')
        await job.promote().catch(() => {});
    }
  }

  async #tell(job: QueuedJob): Promise<void> {
    const report = reportOf(job);
    // It is over when the queue says so: until then another delivery may follow.
    if (this.#isLeft || (isEnd(report.status) && job.finishedOn === undefined)) return;
    const text = JSON.stringify(report);
    if (
      this.#told.get(report.cluster) === text ||
      (report.status === 'waiting' && report.reason === undefined)
    )
      return;
    this.#told.set(report.cluster, text);
    if (isEnd(report.status)) {
      this.#ended.set(report.cluster, report);
      if (this.#hear.wantsLines) this.#hear.lines(await linesOf(this.#queues, job.id as string));
    }
    this.#hear.job(report);
  }

  #end(run: QueuedRun | undefined): void {
    const hasFailed = run === undefined || (run.finishedOn !== undefined && !run.returnvalue);
    if (hasFailed)
      this.#hear.log(
        'warning',
        `the run has failed: ${run?.failedReason ?? 'Redis knows nothing of it any more'}`,
      );
    const waves = this.#waves.slice(0, this.#wave);
    const failedOf = (wave: readonly Job[]) =>
      wave.filter(({ cluster }) => this.#ended.get(cluster)?.status === 'failed').length;
    const stopped = waves.findIndex((wave) => isStopped(failedOf(wave), this.#order.errors, wave.length));
    const ends = run?.returnvalue?.clusters ?? {};
    if (stopped >= 0 && Object.values(ends).includes('skipped'))
      this.#hear.stopped(stopped + 1, failedOf(waves[stopped] ?? []));
    for (const [cluster, wave] of this.#open())
      this.#hear.job({ cluster, wave, status: ends[cluster] ?? (hasFailed ? 'failed' : 'cancelled') });
  }

  /** Clusters that have not ended, each with the number of its wave. */
  #open(): readonly (readonly [cluster: string, wave: number])[] {
    return this.#waves
      .flatMap((wave, i) => wave.map(({ cluster }) => [cluster, i + 1] as const))
      .filter(([cluster]) => !this.#ended.has(cluster));
  }

  async #lookForWorkers(): Promise<void> {
    if (this.#isLonely || this.#told.size > 0 || Date.now() - this.#began < LONELY) return;
    this.#isLonely = true;
    if ((await namesOf(this.#queues)).length === 0)
      this.#hear.log('warning', 'no worker is there: fleet worker, with this Redis, carries jobs out');
  }
}
