import type { ChildProcess } from 'node:child_process';
import { follow } from './follow.ts';
import type { Lab } from './lab.ts';

/** How a run ended that was struck on its way. */
export interface Interrupted {
  /** null when a signal ended it. */
  readonly code: number | null;
  /** Task events that it emitted in all. */
  readonly seen: number;
  /** What the last one was about before the blow came; undefined when the run ended before. */
  readonly at: string | undefined;
  /** Messages of the errors that it reported. */
  readonly errors: readonly string[];
  /** From its start to its end. */
  readonly elapsedMs: number;
}

export interface InterruptOptions {
  /** Which task events count; by default those that are not `ok`. */
  readonly counts?: (status: string) => boolean;
  readonly args?: readonly string[];
}

/**
 * Runs site.ts and strikes after its n-th task event that counts (0: never), or some time after its start: with
 * a signal to the run, or otherwise.
 */
export async function interrupt(
  lab: Lab,
  after: number | { readonly ms: number },
  blow: NodeJS.Signals | (() => Promise<void>),
  { counts = (status) => status !== 'ok', args = [] }: InterruptOptions = {},
): Promise<Interrupted> {
  const began = performance.now();
  let child: ChildProcess | undefined;
  let seen = 0;
  let last = 'its start';
  let at: string | undefined;
  const strike = async () => {
    at = last;
    if (typeof blow === 'string') child?.kill(blow);
    else await blow();
  };
  let timer: NodeJS.Timeout | undefined;
  const { code, errors } = await follow(lab, args, {
    started: (process) => {
      child = process;
      if (typeof after !== 'number') timer = setTimeout(strike, after.ms);
    },
    task: async ({ host, role, task, status }) => {
      if (!counts(status)) return;
      seen += 1;
      last = `${host} ${role}: ${task} (${status})`;
      if (seen === after) await strike();
    },
  });
  clearTimeout(timer);
  const elapsedMs = performance.now() - began;
  return { code, seen, at, errors: errors.map(({ message }) => message), elapsedMs };
}
