import { isDue, type PlannedTask } from '../../dsl/play.ts';
import type { Change, Reading, Task } from '../../dsl/task.ts';
import { World } from '../../dsl/world/world.ts';
import { disagreement, isInstead } from './tasks.ts';
import { differencesOf } from './words.ts';

/**
 * Throws exit code 1 where a task takes back what an earlier one makes of the same text file, and the earlier one would
 * make it again: both would change it in every run. `at` gives what a task was planned by. What packages or commands of
 * the run may bring is not known yet: such tasks are told in the next run.
 */
export function refuseUndone(
  host: string,
  plan: readonly PlannedTask[],
  at: (planned: PlannedTask) => { readonly reading: Reading; readonly world: World },
): void {
  const again = (planned: PlannedTask, world: World) =>
    isCertain(() => differencesOf(planned.task, at(planned).reading, world));
  for (const [i, later] of plan.entries()) {
    if (!isDue(later) || later.waits) continue;
    const first = plan.slice(0, i).find((one) => {
      if (one.skipped !== undefined || one.waits || !edits(one.task, later.task)) return false;
      // As in a next run: this one makes its part again, and that one would still not be content.
      const world = new World(at(one).world);
      return again(one, world) && again(later, world);
    });
    if (first) throw disagreement(host, first, later);
  }
}

/** Something is to be changed for sure; a task that cannot tell says so when its turn comes. */
export function isCertain(differences: () => readonly Change[]): boolean {
  try {
    return differences().some(({ certainty }) => certainty === 'certain');
  } catch {
    return false;
  }
}

/** They are about one file: both about all of it, or one about a part. Of one thing wishes were compared before. */
function edits(one: Task, other: Task): boolean {
  if (one.thing === other.thing || isInstead(one, other)) return false;
  return one.late || other.late ? isAboutOne(one, other) : haveCommon(one.files, other.files);
}

/** They are about one thing, or one path. */
export function isAboutOne(one: Task, other: Task): boolean {
  return one.thing === other.thing || haveCommon(pathsOf(one), pathsOf(other));
}

/** Paths that a task is about. */
export function pathsOf({ owns, files = [], empties = [] }: Task): readonly string[] {
  return [...owns, ...files, ...empties].filter((path) => path.startsWith('/'));
}

function haveCommon(some: readonly string[] = [], others: readonly string[] = []): boolean {
  if (some.length === 0) return false;
  const known = new Set(others);
  return some.some((path) => known.has(path));
}
