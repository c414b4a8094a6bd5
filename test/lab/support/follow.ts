import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { program } from '../../program.ts';
import type { Lab } from './lab.ts';
import type { Outcome, TaskEvent } from './playbook.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;

/** What a run said that was watched on its way. */
export interface Followed {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly tasks: readonly TaskEvent[];
  readonly errors: Outcome['errors'];
}

export interface Followers {
  readonly started?: (child: ChildProcess) => void;
  /** Each task event as it comes; the next one waits for it. */
  readonly task?: (event: TaskEvent) => Promise<void> | void;
  /** Each step event of a verb, the same way. */
  readonly step?: (event: StepEvent) => Promise<void> | void;
  /** By default `site`. */
  readonly playbook?: string;
}

/** One `step` event of the JSON stream. */
export interface StepEvent {
  readonly host: string;
  readonly title: string;
  readonly status: 'planned' | 'begun' | 'done' | 'failed';
}

/** Runs a playbook to its end, and tells its events while it goes on. */
export async function follow(
  lab: Lab,
  args: readonly string[],
  { started, task, step, playbook = 'site' }: Followers,
): Promise<Followed> {
  const line = [program(`playbooks/${playbook}.ts`), '-i', lab.inventoryFile, '--output', 'json', ...args];
  const child = lab.spawn('node', line, { cwd: ROOT });
  started?.(child);
  child.stderr?.resume();
  const tasks: TaskEvent[] = [];
  const errors: Outcome['errors'][number][] = [];
  for await (const text of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const event = JSON.parse(text);
    if (event.event === 'error') errors.push(event);
    if (event.event === 'step') await step?.(event);
    if (event.event !== 'task') continue;
    tasks.push(event);
    await task?.(event);
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { code: child.exitCode, tasks, errors };
}
