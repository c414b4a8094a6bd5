import { createReport, type ReportOptions } from '../index.ts';
import { eventOf, type RecordedRun } from './read-runs.ts';

/** Shows a recorded run as it was shown; `check` counts where the record does not say. */
export async function showRun(
  run: RecordedRun,
  options: Pick<ReportOptions, 'output' | 'diff' | 'verbosity' | 'check'>,
): Promise<void> {
  const { check = options.check, tellsOutput = false } = eventOf(run, 'start') ?? {};
  const report = createReport({ ...options, check, tellsOutput });
  for (const event of run.events) report.emit(event);
  await report.close();
}
