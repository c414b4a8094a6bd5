import type { RunEvent } from '../runner/events.ts';

type Level = Extract<RunEvent, { event: 'log' }>['level'];

/** From which `-v` on a log line is told. */
const FROM: Readonly<Record<Level, number>> = { warning: 0, info: 0, debug: 2, trace: 3 };

/** Whether people asked for lines of this level. */
export function isWanted(level: Level, verbosity: number): boolean {
  return verbosity >= FROM[level];
}

/** Whether people asked to see what commands print. */
export function isOutputWanted({
  verbosity,
  tellsOutput = false,
}: {
  readonly verbosity: number;
  readonly tellsOutput?: boolean;
}): boolean {
  return tellsOutput || verbosity >= 1;
}
