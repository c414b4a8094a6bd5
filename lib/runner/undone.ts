import { isDue, type PlannedTask } from '../dsl/play.ts';
import type { Reading, Task } from '../dsl/task.ts';
import { World } from '../dsl/world.ts';
import { disagreement, isInstead } from './tasks.ts';
import { differencesOf } from './words.ts';

/**
 * Throws exit code 1 where a task takes back what an earlier one makes of the same text file: both would change it in
 * every run. `at` gives what the earlier one was planned by.
 */
export function refuseUndone(
  host: string,
  plan: readonly PlannedTask[],
  at: (planned: PlannedTask) => { readonly reading: Reading; readonly world: World },
): void {
  for (const [i, later] of plan.entries()) {
    if (!isDue(later) || later.waits) continue;
    const first = plan.slice(0, i).find((one) => {
      if (one.skipped !== undefined || one.waits || !edits(one.task, later.task)) return false;
      const { reading, world } = at(one);
      return differencesOf(one.task, reading, new World(world)).some(
        ({ certainty }) => certainty === 'certain',
      );
    });
    if (first) throw disagreement(host, first, later);
  }
}

/** They are about one file, and one of them about a part of it. */
function edits(one: Task, other: Task): boolean {
  if ((!one.late && !other.late) || isInstead(one, other)) return false;
  const paths = ({ files = [], owns }: Task) => [...files, ...owns];
  return paths(one).some((path) => paths(other).includes(path));
}
