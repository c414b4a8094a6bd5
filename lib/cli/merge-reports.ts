import { readFile } from 'node:fs/promises';
import { EXIT, QuorateError } from '../errors.ts';
import { type RecordedRun, readRuns } from '../report/record/read-runs.ts';
import { count } from '../report/text.ts';
import { checkReports, writeReport } from '../report/write-report.ts';
import type { Options } from './flags/options.ts';
import { reportLines } from './flags/usage.ts';

const HOW = 'report merge one.jsonl two.jsonl --report all.html';

/** `report merge FILE…`: one report of the runs in files of `--output json`, or of records. Contacts no host. */
export async function mergeReports({ words, reports, output }: Options): Promise<string> {
  const [verb, ...files] = words;
  if (verb !== 'merge')
    throw usage(verb === undefined ? 'nothing is asked for' : `there is no report ${verb}`);
  if (files.length === 0) throw usage('no file of events is named');
  if (reports.length === 0) throw usage('no --report is named: what is to be written');
  checkReports(reports);
  const { runs, notices } = await readFiles(files);
  for (const path of reports) await writeReport(path, runs);
  const made = `${count(runs.length, 'run')} in ${reports.join(' and ')}`;
  await reportLines([...notices, made], output, false);
  return '';
}

/** Throws for a file that holds no run, and for a run that is given twice. */
async function readFiles(files: readonly string[]) {
  const from = new Map<string, string>();
  const runs: RecordedRun[] = [];
  const notices: string[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch((error: Error) => {
      throw usage(`${file} cannot be read: ${error.message}`);
    });
    const read = readRuns(text);
    if (read.runs.length === 0)
      throw usage(
        `${file} has no events in it`,
        'merge takes what --output json prints, and the records in .quorate/runs',
      );
    if (read.damaged > 0) notices.push(`${file}: ${count(read.damaged, 'line')} left out: no events, or cut`);
    for (const run of read.runs.filter((one) => !isFleet(one))) {
      const other = from.get(run.id);
      if (other !== undefined)
        throw usage(`run ${run.id} is in ${other} and in ${file}`, 'name each run once');
      from.set(run.id, file);
      runs.push(run);
    }
  }
  return { runs, notices };
}

/** What a fleet says of itself, around the runs of its jobs, is about clusters and no host. */
function isFleet({ events }: RecordedRun): boolean {
  return events.some((event) => event.event === 'recap' && 'clusters' in event);
}

function usage(message: string, hint = HOW): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, hint });
}
