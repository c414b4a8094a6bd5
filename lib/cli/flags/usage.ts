import { EXIT, type ExitCode, type QuorateError, worstExit } from '../../errors.ts';
import { createReport } from '../../report/index.ts';
import { errorEvent, type RunEvent } from '../../runner/events.ts';
import { Recap } from '../../runner/recap.ts';
import { completeCommands } from '../start/complete-commands.ts';
import type { Started } from '../start/started.ts';
import type { Options } from './options.ts';

const NO_LOGIN = { inventory: [], user: undefined, become: false, askBecomePass: false };

/** Reports errors found without a run: each one, then a recap without hosts. */
export async function reportUsage(
  errors: readonly QuorateError[],
  started: Started,
  { output, check = false, ...options }: Partial<Options>,
): Promise<ExitCode> {
  const events = errors.map((error) =>
    completeCommands(errorEvent(error), started, { ...NO_LOGIN, ...options }),
  );
  const exitCode = worstExit(errors.map((error) => error.exitCode));
  await reportEvents(events.length > 0 ? events : [info('nothing found')], exitCode, output, check);
  return exitCode;
}

/** Reports lines that were asked for instead of a run, then a recap without hosts. */
export function reportLines(
  lines: readonly string[],
  output: Options['output'],
  check: boolean,
): Promise<void> {
  return reportEvents(lines.map(info), EXIT.ok, output === 'json' ? 'json' : 'plain', check);
}

async function reportEvents(
  events: readonly RunEvent[],
  exitCode: ExitCode,
  output: Options['output'],
  check: boolean,
): Promise<void> {
  const report = createReport({ output: output ?? 'plain', diff: false, check, verbosity: 0 });
  for (const event of events) report.emit(event);
  report.emit(new Recap(check).event(exitCode));
  await report.close();
}

function info(message: string): RunEvent {
  return { event: 'log', level: 'info', message };
}
