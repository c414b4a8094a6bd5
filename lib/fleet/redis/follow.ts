import type { Engine, FleetHearer } from '../events.ts';
import { type Job, type JobReport, jobId, type Order } from '../order.ts';
import { isEnd } from '../outcome.ts';
import { isStopped, wavesOf } from '../waves.ts';
import { namesOf } from './carry-out.ts';
import { addRun, cancel, linesOf, type QueuedJob, type QueuedRun, type Queues, reportOf } from './queues.ts';

/** Time between two looks, ms: at least, and for each job that is looked at. */
const PACE = { least: 300, each: 2 };
/** After that it is said that there is no worker, ms. */
const LONELY = 5000;

/** An engine of workers: adds the run, and tells how it goes on until it has ended. */
export function redisEngine(queues: Queues): Engine {
  let run = '';
  let cancels = 0;
  return {
    async carryOut(order, jobs, hear) {
      run = order.run;
      await addRun(queues, order, jobs);
      if (cancels > 0) await cancel(queues, run);
      const left = () => cancels > 1;
      await new Follower(queues, order, jobs, hear).untilEnd(left);
    },
    cancel() {
      cancels += 1;
      if (run !== '') void cancelRun(queues, run);
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

  constructor(queues: Queues, order: Order, jobs: readonly Job[], hear: FleetHearer) {
    this.#queues = queues;
    this.#order = order;
    this.#waves = wavesOf(jobs, order.waves);
    this.#hear = hear;
  }

  async untilEnd(isLeft: () => boolean): Promise<void> {
    for (;;) {
      const run = (await this.#queues.runs.getJob(this.#order.run)) as QueuedRun | undefined;
      await this.#look(run?.data.wave ?? 0);
      if (run === undefined || run.finishedOn !== undefined || isLeft()) return this.#end(run);
      await this.#lookForWorkers();
      const open = this.#waves.slice(0, this.#wave).flat().length - this.#ended.size;
      await new Promise((resolve) => setTimeout(resolve, PACE.least + PACE.each * open));
    }
  }

  async #look(begun: number): Promise<void> {
    for (; this.#wave < begun; this.#wave++) {
      // Of a wave that is over all is told before the next one.
      await this.#lookAtJobs();
      this.#hear.wave(this.#wave + 1);
    }
    await this.#lookAtJobs();
  }

  async #lookAtJobs(): Promise<void> {
    const open = this.#waves
      .slice(0, this.#wave)
      .flat()
      .filter(({ cluster }) => !this.#ended.has(cluster));
    const found = await Promise.all(
      open.map(({ cluster }) => this.#queues.jobs.getJob(jobId(this.#order.run, cluster))),
    );
    for (const job of found) if (job) await this.#tell(job as QueuedJob);
  }

  async #tell(job: QueuedJob): Promise<void> {
    const report = reportOf(job);
    // It is over when the queue says so: until then another delivery may follow.
    if (isEnd(report.status) && job.finishedOn === undefined) return;
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
    else if (run.finishedOn === undefined)
      this.#hear.log('warning', `left while jobs finish: fleet status ${this.#order.run} tells how they end`);
    const waves = this.#waves.slice(0, this.#wave);
    const failedOf = (wave: readonly Job[]) =>
      wave.filter(({ cluster }) => this.#ended.get(cluster)?.status === 'failed').length;
    const stopped = waves.findIndex((wave) => isStopped(failedOf(wave), this.#order.errors, wave.length));
    const ends = run?.returnvalue?.clusters ?? {};
    const left = this.#waves
      .flatMap((wave, i) => wave.map(({ cluster }) => [cluster, i + 1] as const))
      .filter(([cluster]) => !this.#ended.has(cluster));
    if (stopped >= 0 && Object.values(ends).includes('skipped'))
      this.#hear.stopped(stopped + 1, failedOf(waves[stopped] ?? []));
    for (const [cluster, wave] of left)
      this.#hear.job({ cluster, wave, status: ends[cluster] ?? (hasFailed ? 'failed' : 'cancelled') });
  }

  async #lookForWorkers(): Promise<void> {
    if (this.#isLonely || this.#told.size > 0 || Date.now() - this.#began < LONELY) return;
    this.#isLonely = true;
    if ((await namesOf(this.#queues)).length === 0)
      this.#hear.log('warning', 'no worker is there: fleet worker, with this Redis, carries jobs out');
  }
}
