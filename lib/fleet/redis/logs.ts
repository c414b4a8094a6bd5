import type { Options } from '../../cli/flags/options.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import { readRuns } from '../../report/record/read-runs.ts';
import { showRun } from '../../report/record/show-run.ts';
import { createOutput } from '../../report/stream.ts';
import { checkReports, writeReport } from '../../report/write-report.ts';
import { usage } from '../flags.ts';
import { jobId } from '../order.ts';
import { outputOf } from '../ordered.ts';
import { named } from './find.ts';
import { linesOf, type Queues } from './queues.ts';

/** Shows what the runs of a job, or of all jobs of a run, have told; makes reports of it. */
export async function showLogs(
  queues: Queues,
  word: string | undefined,
  options: Options,
): Promise<ExitCode> {
  const { reports, diff, verbosity } = options;
  checkReports(reports);
  const { run, job } = await named(queues, word);
  const { order, jobs } = run.data;
  const ids = (job ? [job] : jobs).map(({ cluster }) => jobId(order.run, cluster));
  const lines = (await Promise.all(ids.map((id) => linesOf(queues, id)))).flat();
  if (lines.length === 0) throw usage(`nothing is kept of ${word}`, 'it has not begun, or was too long ago');
  const { runs } = readRuns(lines.join('\n'));
  if (outputOf(options) === 'json') {
    const stdout = createOutput(process.stdout);
    stdout.write(lines.map((line) => `${line}\n`).join(''));
    await stdout.flush();
  } else {
    for (const one of runs) await showRun(one, { output: 'plain', diff, check: order.check, verbosity });
  }
  for (const path of reports) await writeReport(path, runs);
  return EXIT.ok;
}
