import { jsonLine } from '../../report/json.ts';
import { isWanted } from '../../report/levels.ts';
import { eventOf } from '../../report/record/read-runs.ts';
import { showRun } from '../../report/record/show-run.ts';
import { createOutput } from '../../report/stream.ts';
import { count } from '../../report/text.ts';
import { checkReports, writeReport } from '../../report/write-report.ts';
import type { Options } from '../flags/options.ts';
import { findRun } from './find-run.ts';

/** Shows a recorded run as it was shown, in any form, and makes reports of it. */
export async function replay(folder: string, word: string, options: Options): Promise<void> {
  const { output, diff, verbosity, reports } = options;
  checkReports(reports);
  const { run, damaged } = await findRun(folder, word);
  const form = output ?? (process.stdout.isTTY ? 'pretty' : 'plain');
  if (damaged > 0)
    process.stderr.write(`${count(damaged, 'line')} of the record left out: cut, or none of ours\n`);
  if (form === 'json') {
    const stdout = createOutput(process.stdout);
    for (const event of run.events)
      if (event.event !== 'log' || isWanted(event.level, verbosity)) stdout.write(jsonLine(event, { diff }));
    await stdout.flush();
  } else {
    await showRun(run, { output: form, diff, check: false, verbosity });
    if (!eventOf(run, 'recap'))
      process.stderr.write('the record ends here: the run was killed, or goes on\n');
  }
  for (const path of reports) await writeReport(path, [run]);
}
