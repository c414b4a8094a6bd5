import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Lab } from './lab.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

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
  const started = performance.now();
  const site = join(ROOT, 'playbooks/site.ts');
  const child = lab.spawn(
    'node',
    ['--import', 'tsx', site, '-i', lab.inventoryFile, '--output', 'json', ...args],
    { cwd: ROOT },
  );
  child.stderr?.resume();
  const errors: string[] = [];
  let seen = 0;
  let last = 'its start';
  let at: string | undefined;
  const strike = async () => {
    at = last;
    if (typeof blow === 'string') child.kill(blow);
    else await blow();
  };
  const timer = typeof after === 'number' ? undefined : setTimeout(strike, after.ms);
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const event = JSON.parse(line);
    if (event.event === 'error') errors.push(event.message);
    if (event.event !== 'task' || !counts(event.status)) continue;
    seen += 1;
    last = `${event.host} ${event.role}: ${event.task} (${event.status})`;
    if (seen === after) await strike();
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  clearTimeout(timer);
  return { code: child.exitCode, seen, at, errors, elapsedMs: performance.now() - started };
}
