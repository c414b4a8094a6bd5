import type { ChildProcess } from 'node:child_process';
import { type Followed, follow } from '../follow.ts';
import type { Lab } from '../lab.ts';
import type { TaskEvent } from '../playbook.ts';

/** Runs site.ts, and calls `disturb` once, at the first task event that `when` picks, before the run goes on for long. */
export async function during(
  lab: Lab,
  args: readonly string[],
  when: (event: TaskEvent, seen: number) => boolean,
  disturb: (event: TaskEvent, kill: (signal: NodeJS.Signals) => void) => Promise<unknown> | unknown,
): Promise<Followed> {
  let child: ChildProcess | undefined;
  let done: Promise<unknown> | undefined;
  let seen = 0;
  const run = await follow(lab, args, {
    started: (process) => {
      child = process;
    },
    task: (event) => {
      seen += 1;
      if (done !== undefined || !when(event, seen)) return;
      // The run goes on meanwhile.
      done = Promise.resolve(disturb(event, (signal) => child?.kill(signal)));
    },
  });
  if (done === undefined) throw new Error('the run was over before it could be disturbed');
  await done;
  return run;
}
