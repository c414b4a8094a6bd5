import { EXIT } from '../errors.ts';
import type { Engine, FleetHearer } from './events.ts';
import { Keeper } from './keeper.ts';
import { jobLine } from './line.ts';
import { backoffOf, type Job, type JobReport, type Order } from './order.ts';
import { verdictOf } from './outcome.ts';
import { type JobProcess, startJob } from './process.ts';
import { isStopped, wavesOf } from './waves.ts';

/** Characters of a job's run that are kept until it has ended, where they are asked for. */
const KEPT = 50_000_000;

/** An engine without any other machine: several processes at once on this one. */
export function localEngine(concurrency: number): Engine {
  return new LocalEngine(concurrency);
}

class LocalEngine implements Engine {
  readonly #concurrency: number;
  readonly #underWay = new Set<JobProcess>();
  /** Ends each pause before an attempt. */
  readonly #waiting = new Set<() => void>();
  #cancelled = false;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  async carryOut(order: Order, jobs: readonly Job[], hear: FleetHearer): Promise<void> {
    const waves = wavesOf(jobs, order.waves);
    for (const [i, clusters] of waves.entries()) {
      const wave = i + 1;
      hear.wave(wave);
      const { failed, todo } = await this.#wave(clusters, wave, order, hear);
      const left = [...todo.map((one) => [one, wave] as const), ...later(waves, wave)];
      if (left.length === 0 || !this.#isOver(failed, order, clusters)) continue;
      if (!this.#cancelled) hear.stopped(wave, failed);
      for (const [{ cluster }, at] of left)
        hear.job({ cluster, wave: at, status: this.#cancelled ? 'cancelled' : 'skipped' });
      return;
    }
  }

  cancel(): void {
    this.#cancelled = true;
    for (const running of this.#underWay) running.cancel();
    for (const end of this.#waiting) end();
  }

  /** Carry out the jobs of a wave until all are done, or too many have failed; `todo` are those not begun. */
  async #wave(clusters: readonly Job[], wave: number, order: Order, hear: FleetHearer) {
    const todo = [...clusters];
    let failed = 0;
    const work = async () => {
      while (!this.#isOver(failed, order, clusters)) {
        const next = todo.shift();
        if (next === undefined) return;
        const { status } = await this.#job(next, wave, order, hear);
        if (status === 'failed') failed += 1;
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#concurrency, clusters.length) }, work));
    return { failed, todo };
  }

  #isOver(failed: number, { errors }: Order, { length }: readonly Job[]): boolean {
    return this.#cancelled || isStopped(failed, errors, length);
  }

  /** One job, attempt after attempt; the report of the last. */
  async #job(one: Job, wave: number, order: Order, hear: FleetHearer): Promise<JobReport> {
    const { cluster } = one;
    for (let attempt = 1; ; attempt++) {
      // What is wrong with one job is not wrong with the others that are under way.
      const brokenOff = ({ message: reason }: Error): JobReport => ({
        cluster,
        wave,
        status: 'failed',
        attempt,
        exitCode: EXIT.bug,
        reason,
      });
      const report = await this.#attempt(one, { wave, attempt }, order, hear).catch(brokenOff);
      hear.job(report);
      if (report.status !== 'retrying') return report;
      await this.#pause(report.delayMs ?? 0);
      if (!this.#cancelled) continue;
      const ended = { ...report, status: 'cancelled' } as const;
      hear.job(ended);
      return ended;
    }
  }

  /** One attempt; the report of how it ended. */
  async #attempt(
    job: Job,
    { wave, attempt }: { readonly wave: number; readonly attempt: number },
    order: Order,
    hear: FleetHearer,
  ): Promise<JobReport> {
    const { cluster } = job;
    hear.job({ cluster, wave, status: 'running', attempt });
    const lines: string[] = [];
    const keeper = new Keeper(KEPT);
    const running = startJob(jobLine(job, order), order.check, (line) => {
      const kept = hear.wantsLines ? keeper.take(line) : undefined;
      if (kept !== undefined) lines.push(kept);
    });
    this.#underWay.add(running);
    const end = await running.done;
    this.#underWay.delete(running);
    if (lines.length > 0) hear.lines(lines);
    const verdict = verdictOf({ code: end.code, cancelled: this.#cancelled, check: order.check });
    const isLast = attempt >= order.attempts;
    const status = verdict !== 'retry' ? verdict : isLast ? 'failed' : 'retrying';
    return {
      cluster,
      wave,
      status,
      attempt,
      changed: end.changed,
      elapsedMs: Math.round(end.elapsedMs),
      ...(end.code !== undefined && { exitCode: end.code }),
      ...(end.reason !== undefined && { reason: end.reason }),
      ...(end.runId !== undefined && { jobRunId: end.runId }),
      ...(status === 'retrying' && { delayMs: backoffOf(order, attempt) }),
    };
  }

  /** Wait `ms`, or until it is cancelled. */
  #pause(ms: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#waiting.add(end);
      if (this.#cancelled) end();
    });
  }
}

/** Clusters of the waves after this one, each with the number of its wave. */
function later(waves: readonly (readonly Job[])[], wave: number): readonly (readonly [Job, number])[] {
  return waves.slice(wave).flatMap((clusters, i) => clusters.map((one) => [one, wave + i + 1] as const));
}
