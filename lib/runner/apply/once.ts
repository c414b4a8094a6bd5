import { setTimeout as sleep } from 'node:timers/promises';
import type { PlannedTask } from '../../dsl/play.ts';
import type { Task } from '../../dsl/task.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { wordsOf } from '../exchange/task-shell.ts';
import type { Wire } from '../exchange/wire.ts';

/** The first host of a batch, which does for all what is done once. */
export interface First {
  readonly host: {
    readonly target: { readonly name: string };
    outcomeOf(role: string, task: Task): Outcome | undefined;
  };
  /** It has failed. */
  readonly isLost: boolean;
}

/** What became of a task on a host; `none` where its plan has none of the kind. */
export type Outcome = 'ok' | 'changed' | 'none';

/** A task that is left out here because another host does it for all. */
export function isOnce(task: Task, skipped: string | undefined): boolean {
  const { runOnce, when } = wordsOf(task);
  return runOnce === true && when !== false && skipped !== undefined;
}

/**
 * Waits for what another host does once; tells whether that changed something. Throws exit code 2 where that host has
 * failed before, and 130 on a request to stop.
 */
export async function awaitOnce(
  { role, task }: PlannedTask,
  first: () => First | undefined,
  wire: Wire,
): Promise<boolean> {
  for (;;) {
    const now = first();
    const outcome = now?.host.outcomeOf(role, task);
    if (outcome === 'ok' || outcome === 'changed') return outcome === 'changed';
    if (now?.isLost || wire.stopping) throw inVain(wire.host.name, now, task);
    if (outcome === 'none' || now === undefined) return false;
    await sleep(50);
  }
}

function inVain(name: string, first: First | undefined, { title }: Task): QuorateError {
  const who = first?.host.target.name ?? 'the first host';
  if (first?.isLost !== true) {
    return new QuorateError(`${name}: stopped on request while it waited for "${title}" on ${who}`, {
      exitCode: EXIT.interrupted,
      host: name,
      hint: 'run again to go on',
    });
  }
  return new QuorateError(`${name}: ${who}, which does "${title}" for all, has failed`, {
    exitCode: EXIT.failed,
    host: name,
    hint: `see what failed on ${who}, and run again`,
  });
}
