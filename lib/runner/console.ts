import { format } from 'node:util';

const WAYS = ['log', 'info', 'debug', 'warn', 'error'] as const;

/**
 * Does `work`, and gives what it has written to the console meanwhile, line by line: the output is that of the run, which
 * other programs may read, and a terminal that is being drawn on.
 */
export function withConsole<Result>(work: () => Result): {
  readonly result: Result;
  readonly lines: readonly string[];
} {
  const lines: string[] = [];
  const before = WAYS.map((way) => [way, console[way]] as const);
  for (const way of WAYS) console[way] = (...words: unknown[]) => lines.push(...format(...words).split('\n'));
  try {
    return { result: work(), lines };
  } finally {
    for (const [way, write] of before) console[way] = write;
  }
}
