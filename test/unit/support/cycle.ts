import type { Change, Task } from '../../../lib/dsl/task.ts';
import { loopHost } from './loop-host.ts';
import { recorder } from './recorder.ts';

export interface CycleOptions {
  /** Holds the records of the host. */
  readonly dir: string;
  readonly shell?: readonly string[];
}

/** What a check says of tasks, with a real shell of this machine at the other end: `kind property: before → after`. */
export async function dry(tasks: readonly Task[], options: CycleOptions): Promise<readonly string[]> {
  return (await planOf(tasks, options)).plan.flatMap(({ changes }) => changes.map(shown));
}

/** Carries tasks out and proves them; gives what the plan said. What is due again after it is an error. */
export async function run(tasks: readonly Task[], options: CycleOptions): Promise<readonly string[]> {
  const host = await planOf(tasks, options);
  const said = host.plan.flatMap(({ changes }) => changes.map(shown));
  await host.apply(() => true);
  const left = await dry(tasks, options);
  if (left.length > 0) throw new Error(`due again: ${left.join(', ')}`);
  return said;
}

async function planOf(tasks: readonly Task[], { dir, shell = ['sh'] }: CycleOptions) {
  const host = loopHost({ dir, sink: recorder(), shell });
  await host.makePlan(tasks.map((task) => ({ role: 'role', task })));
  return host;
}

function shown({ kind, property, before, after }: Change): string {
  return `${kind} ${property}: ${before} → ${after}`;
}
