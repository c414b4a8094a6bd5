import { type ExitCode, type QuorateError, worstExit } from '../errors.ts';
import { createReport } from '../report/index.ts';
import { Recap } from '../runner/recap.ts';
import type { Options } from './options.ts';

/** Reports errors found without a run: each one, then a recap without hosts. */
export async function reportUsage(
  errors: readonly QuorateError[],
  output: Options['output'],
  check: boolean,
): Promise<ExitCode> {
  const report = createReport({ output: output ?? 'plain', diff: false, check, verbosity: 0 });
  for (const { message, exitCode, hint, host, task, position } of errors) {
    report.emit({
      event: 'error',
      message,
      exitCode,
      ...(hint !== undefined && { hint }),
      ...(host !== undefined && { host }),
      ...(task !== undefined && { task }),
      ...(position !== undefined && { position }),
    });
  }
  if (errors.length === 0) report.emit({ event: 'log', level: 'info', message: 'nothing found' });
  const exitCode = worstExit(errors.map((error) => error.exitCode));
  report.emit(new Recap(check).event(exitCode));
  await report.close();
  return exitCode;
}
