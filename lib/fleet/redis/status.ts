import { EXIT, type ExitCode, worstExit } from '../../errors.ts';
import { beginEvent } from '../begin-event.ts';
import type { FleetView, RunRow } from '../events.ts';
import { usage } from '../flags.ts';
import { exitOf } from '../outcome.ts';
import { wavesOf } from '../waves.ts';
import { named, newestRuns, reportsOf } from './find.ts';
import { namesOf } from './hands.ts';
import type { QueuedRun, Queues } from './queues.ts';

/** Runs that a list has. */
const LISTED = 20;
const PACE = 1000;

/** Lists runs and workers. */
export async function listRuns(queues: Queues, view: FleetView): Promise<ExitCode> {
  const runs = await newestRuns(queues, LISTED);
  const rows = await Promise.all(runs.map((run) => rowOf(queues, run)));
  const workers = await namesOf(queues);
  view.emit({ event: 'runs', workers, runs: rows });
  return EXIT.ok;
}

async function rowOf(queues: Queues, run: QueuedRun): Promise<RunRow> {
  const { order, jobs, wave } = run.data;
  const clusters: Record<string, number> = {};
  const count = (status: string) => {
    clusters[status] = (clusters[status] ?? 0) + 1;
  };
  const end = run.returnvalue?.clusters;
  if (run.finishedOn !== undefined && end) for (const status of Object.values(end)) count(status);
  else for (const { status } of await reportsOf(queues, run)) count(status);
  const waves = wavesOf(jobs, order.waves).length;
  // The reason of an earlier attempt stays: what has a value has not failed.
  const failed = run.finishedOn !== undefined && !run.returnvalue;
  return {
    run: order.run,
    began: new Date(beganAt(run)).toISOString(),
    ...{ who: order.who, from: order.from, playbook: order.name, check: order.check, clusters },
    state: failed
      ? `failed: ${run.failedReason}`
      : run.finishedOn !== undefined
        ? 'ended'
        : wave === 0
          ? 'waiting'
          : `wave ${wave} of ${waves}`,
    exitCode: failed ? EXIT.failed : (run.returnvalue?.exitCode ?? null),
  };
}

/** When it was added; of a schedule, when it was due. */
function beganAt({ timestamp, opts }: QueuedRun): number {
  return timestamp + (opts.delay ?? 0);
}

/** Tells how the clusters of one run stand; `watch`: until it has ended. Resolves to the exit code of the run. */
export async function showRun(
  queues: Queues,
  word: string,
  watch: boolean,
  view: FleetView,
): Promise<ExitCode> {
  let { run } = await named(queues, word);
  const { order, jobs } = run.data;
  const { check } = order;
  view.emit(beginEvent(order, jobs));
  const told = new Map<string, string>();
  for (;;) {
    const reports = await reportsOf(queues, run);
    for (const report of reports) {
      const text = JSON.stringify(report);
      if (told.get(report.cluster) === text) continue;
      told.set(report.cluster, text);
      view.emit({ event: 'job', ...report });
    }
    const ended = run.finishedOn !== undefined;
    if (!ended && watch) {
      await new Promise((resolve) => setTimeout(resolve, PACE));
      const known = (await queues.runs.getJob(run.id as string)) as QueuedRun | undefined;
      if (known === undefined) throw usage(`Redis knows nothing of run ${order.run} any more`);
      run = known;
      continue;
    }
    const hasFailed = ended && !run.returnvalue;
    if (hasFailed)
      view.emit({ event: 'log', level: 'warning', message: `the run has failed: ${run.failedReason}` });
    const exits = exitOf(reports.map(({ status }) => status));
    const exitCode = hasFailed ? worstExit([exits, EXIT.failed]) : exits;
    const clusters = Object.fromEntries(reports.map(({ cluster, ...report }) => [cluster, report]));
    const elapsedMs = (run.finishedOn ?? Date.now()) - beganAt(run);
    view.emit({ event: 'recap', check, clusters, elapsedMs, exitCode });
    return watch ? exitCode : EXIT.ok;
  }
}
