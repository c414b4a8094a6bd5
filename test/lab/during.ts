import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Lab } from './lab.ts';
import type { Outcome, TaskEvent } from './playbook.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

/** What a run said that something was done to on its way. */
export interface Disturbed {
  readonly code: number | null;
  readonly tasks: readonly TaskEvent[];
  readonly errors: Outcome['errors'];
}

/** Runs site.ts, and calls `disturb` once, at the first task event that `when` picks, before the run goes on for long. */
export async function during(
  lab: Lab,
  args: readonly string[],
  when: (event: TaskEvent, seen: number) => boolean,
  disturb: (event: TaskEvent, kill: (signal: NodeJS.Signals) => void) => Promise<unknown> | unknown,
): Promise<Disturbed> {
  const site = join(ROOT, 'playbooks/site.ts');
  const line = ['--import', 'tsx', site, '-i', lab.inventoryFile, '--output', 'json', ...args];
  const child = lab.spawn('node', line, { cwd: ROOT });
  child.stderr?.resume();
  const tasks: TaskEvent[] = [];
  const errors: Disturbed['errors'][number][] = [];
  let done: Promise<unknown> | undefined;
  for await (const text of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const event = JSON.parse(text);
    if (event.event === 'error') errors.push(event);
    if (event.event !== 'task') continue;
    tasks.push(event);
    if (done === undefined && when(event, tasks.length)) {
      done = Promise.resolve(disturb(event, (signal) => child.kill(signal)));
    }
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  if (done === undefined) throw new Error('the run was over before it could be disturbed');
  await done;
  return { code: child.exitCode, tasks, errors };
}
