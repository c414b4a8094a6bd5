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

/** An engine without any other machine: so many processes at once on this one. */
export function localEngine(concurrency: number): Engine {
  const underWay = new Set<JobProcess>();
  const waiting = new Set<() => void>();
  let cancelled = false;

  /** One attempt; the report of how it ended. */
  const attempt = async (job: Job, wave: number, number: number, order: Order, hear: FleetHearer) => {
    const { cluster } = job;
    hear.job({ cluster, wave, status: 'running', attempt: number });
    const lines: string[] = [];
    const keeper = new Keeper(KEPT);
    const running = startJob(jobLine(job, order), order.check, (line) => {
      const kept = hear.wantsLines ? keeper.take(line) : undefined;
      if (kept !== undefined) lines.push(kept);
    });
    underWay.add(running);
    const end = await running.done;
    underWay.delete(running);
    if (lines.length > 0) hear.lines(lines);
    const verdict = verdictOf({ code: end.code, cancelled, check: order.check });
    const isLast = number >= order.attempts;
    const status = verdict !== 'retry' ? verdict : isLast ? 'failed' : 'retrying';
    return {
      cluster,
      wave,
      status,
      attempt: number,
      changed: end.changed,
      elapsedMs: Math.round(end.elapsedMs),
      ...(end.code !== undefined && { exitCode: end.code }),
      ...(end.reason !== undefined && { reason: end.reason }),
      ...(end.runId !== undefined && { jobRunId: end.runId }),
      ...(status === 'retrying' && { delayMs: backoffOf(order, number) }),
    } satisfies JobReport;
  };

  const job = async (one: Job, wave: number, order: Order, hear: FleetHearer): Promise<JobReport> => {
    const { cluster } = one;
    for (let number = 1; ; number++) {
      // What is wrong with one job is not wrong with the others that are under way.
      const brokenOff = ({ message: reason }: Error): JobReport => ({
        cluster,
        wave,
        status: 'failed',
        attempt: number,
        exitCode: EXIT.bug,
        reason,
      });
      const report = await attempt(one, wave, number, order, hear).catch((error: Error) => brokenOff(error));
      hear.job(report);
      if (report.status !== 'retrying') return report;
      await pause(report.delayMs ?? 0);
      if (!cancelled) continue;
      const ended = { ...report, status: 'cancelled' } as const;
      hear.job(ended);
      return ended;
    }
  };

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      waiting.add(end);
      if (cancelled) end();
    });

  return {
    async carryOut(order, jobs, hear) {
      const waves = wavesOf(jobs, order.waves);
      for (const [i, clusters] of waves.entries()) {
        const wave = i + 1;
        let failed = 0;
        const isOver = () => cancelled || isStopped(failed, order.errors, clusters.length);
        hear.wave(wave);
        const todo = [...clusters];
        const work = async () => {
          while (!isOver()) {
            const next = todo.shift();
            if (next === undefined) return;
            const { status } = await job(next, wave, order, hear);
            if (status === 'failed') failed += 1;
          }
        };
        await Promise.all(Array.from({ length: Math.min(concurrency, clusters.length) }, work));
        const left = [...todo.map((one) => [one, wave] as const), ...later(waves, wave)];
        if (left.length === 0 || !isOver()) continue;
        if (!cancelled) hear.stopped(wave, failed);
        for (const [{ cluster }, at] of left)
          hear.job({ cluster, wave: at, status: cancelled ? 'cancelled' : 'skipped' });
        return;
      }
    },
    cancel() {
      cancelled = true;
      for (const running of underWay) running.cancel();
      for (const end of waiting) end();
    },
  };
}

/** Clusters of the waves behind this one, each with the number of its wave. */
function later(waves: readonly (readonly Job[])[], wave: number): readonly (readonly [Job, number])[] {
  return waves.slice(wave).flatMap((clusters, i) => clusters.map((one) => [one, wave + i + 1] as const));
}
