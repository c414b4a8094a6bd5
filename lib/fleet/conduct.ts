import { isatty } from 'node:tty';
import { SAME_SIGNAL } from '../cli/start/signals.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { readRuns } from '../report/record/read-runs.ts';
import { beginEvent } from './begin-event.ts';
import type { Engine, FleetHearer, FleetView } from './events.ts';
import { Keeper } from './keeper.ts';
import type { Job, JobReport, Order } from './order.ts';
import { exitOf, isEnd, type JobStatus } from './outcome.ts';
import { budgetOf, wavesOf } from './waves.ts';

/**
 * Has an engine carry out an order, tells a view of it and makes its reports. Resolves to the exit code of the fleet.
 * Ctrl-C and TERM cancel it; the second time at once. What the end of a terminal means, the engine knows.
 */
export async function conduct(
  engine: Engine,
  order: Order,
  jobs: readonly Job[],
  view: FleetView,
  reports: readonly string[],
): Promise<ExitCode> {
  const begun = performance.now();
  const told = tell(order, jobs, view, reports.length > 0);
  let ended: NodeJS.Signals | undefined;
  const forget = onSignals((signal) => {
    ended ??= signal;
    engine.cancel(signal);
  });
  try {
    await engine.carryOut(order, jobs, told.hearer);
  } finally {
    forget();
  }
  const clusters = [...told.last.values()];
  const statuses = clusters.map(({ status }) => status);
  const exitCode = codeOf(statuses, ended);
  await writeReports(reports, told.lines, view);
  view.emit({
    event: 'recap',
    check: order.check,
    clusters: Object.fromEntries(clusters.map(({ cluster, ...report }) => [cluster, report])),
    elapsedMs: Math.round(performance.now() - begun),
    exitCode,
  });
  return exitCode;
}

/** Who leaves a fleet that goes on was interrupted; TERM and the end of a terminal are 143, as of any run. */
function codeOf(statuses: readonly JobStatus[], signal: NodeJS.Signals | undefined): ExitCode {
  const code = statuses.every(isEnd) ? exitOf(statuses) : EXIT.interrupted;
  const isInterrupted = code === EXIT.interrupted;
  return isInterrupted && signal !== undefined && signal !== 'SIGINT' ? EXIT.terminated : code;
}

function tell(order: Order, jobs: readonly Job[], view: FleetView, reported: boolean) {
  const waves = wavesOf(jobs, order.waves);
  const last = new Map<string, JobReport>();
  const lines: string[] = [];
  const keeper = new Keeper(KEPT);
  const keep = (line: string) => {
    const kept = keeper.take(line);
    if (kept !== undefined) lines.push(kept);
  };
  view.emit(beginEvent(order, jobs));
  const hear = (report: JobReport) => {
    last.set(report.cluster, report);
    view.emit({ event: 'job', ...report });
  };
  for (const [i, wave] of waves.entries())
    for (const { cluster } of wave) hear({ cluster, wave: i + 1, status: 'waiting' });
  const hearer: FleetHearer = {
    wantsLines: reported || view.lines !== undefined,
    job: hear,
    wave(number) {
      const clusters = (waves[number - 1] ?? []).map(({ cluster }) => cluster);
      view.emit({ event: 'wave', wave: number, of: waves.length, clusters });
    },
    stopped(wave, failed) {
      const size = waves[wave - 1]?.length ?? 0;
      view.emit({ event: 'stopped', wave, failed, errors: budgetOf(order.errors, size) });
    },
    log: (level, text) => view.emit({ event: 'log', level, message: text }),
    lines(some) {
      // One by one: a call takes no more than some 100,000 arguments.
      if (reported) for (const line of some) keep(line);
      view.lines?.(some);
    },
  };
  return { hearer, last, lines };
}

/** One report of the runs of all jobs, as of `report merge`; one that cannot be written takes no recap with it. */
async function writeReports(
  reports: readonly string[],
  lines: readonly string[],
  view: FleetView,
): Promise<void> {
  if (reports.length === 0) return;
  const { writeReport } = await import('../report/write-report.ts');
  const { runs } = readRuns(lines.join('\n'));
  const written: string[] = [];
  for (const path of reports)
    await writeReport(path, runs).then(
      () => written.push(path),
      ({ message }: Error) =>
        view.emit({
          event: 'log',
          level: 'warning',
          message: `the report ${path} could not be written: ${message}`,
        }),
    );
  if (written.length > 0)
    view.emit({ event: 'log', level: 'info', message: `${runs.length} runs in ${written.join(' and ')}` });
}

/** Characters of runs that go into a report. */
const KEPT = 200_000_000;

/** Calls `cancel` for Ctrl-C and TERM, and for a terminal that goes, each time; gives back how to let go. */
export function onSignals(cancel: (signal: NodeJS.Signals) => void): () => void {
  let last = Number.NEGATIVE_INFINITY;
  const handle = (signal: NodeJS.Signals) => {
    if (performance.now() - last < SAME_SIGNAL) return;
    last = performance.now();
    cancel(signal);
  };
  // As everywhere here: where nobody was at a terminal, none has gone.
  const attended = isatty(0) || isatty(1);
  const signals = ['SIGINT', 'SIGTERM', ...(attended ? (['SIGHUP'] as const) : [])] as const;
  for (const signal of signals) process.on(signal, handle);
  if (!attended) process.on('SIGHUP', ignore);
  return () => {
    process.off('SIGHUP', ignore);
    for (const signal of signals) process.off(signal, handle);
  };
}

function ignore(): void {}
