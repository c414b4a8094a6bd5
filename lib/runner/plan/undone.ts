import { pathsOf } from '../../dsl/paths-of.ts';
import { isDue, type PlannedTask } from '../../dsl/play.ts';
import type { Change, Reading } from '../../dsl/task.ts';
import { World } from '../../dsl/world/world.ts';
import type { QuorateError } from '../../errors.ts';
import { differencesOf } from '../exchange/task-shell.ts';
import { disagreement, isInstead, throwAll } from './wishes.ts';

/**
 * Throws exit code 1 where a task takes back what an earlier one makes of the same file or folder, and the earlier one would
 * make it again: both would change it in every run. `at` gives what a task was planned by. What packages or commands of
 * the run may bring is not known yet: such tasks are told in the next run.
 */
export function refuseUndone(
  host: string,
  plan: readonly PlannedTask[],
  at: (planned: PlannedTask) => { readonly reading: Reading; readonly world: World },
): void {
  const known = new Map<PlannedTask, About>();
  const about = (one: PlannedTask) => {
    const found = known.get(one) ?? aboutOf(one, at(one).world);
    known.set(one, found);
    return found;
  };
  const again = (planned: PlannedTask, world: World) =>
    isCertain(() => differencesOf(planned.task, at(planned).reading, world));
  const faults: QuorateError[] = [];
  for (const [i, later] of plan.entries()) {
    if (!isDue(later) || later.waits) continue;
    const first = plan.slice(0, i).find((one) => {
      if (one.skipped !== undefined || one.waits || !areAboutOne(one, later, about)) return false;
      // As in a next run: this one makes its part again, and that one would still not be content.
      const world = new World(at(one).world);
      if (!again(one, world)) return false;
      // Beyond files: who is not content with what it has just made goes by its reading alone, and cannot be judged.
      const isJudged = haveCommon(about(one).files, about(later).files) || !again(one, new World(world));
      return isJudged && again(later, world);
    });
    if (first) faults.push(disagreement(host, first, later));
  }
  throwAll(faults);
}

/** Something is to be changed for sure; a task that cannot tell says so when its turn comes. */
export function isCertain(differences: () => readonly Change[]): boolean {
  try {
    return differences().some(({ certainty }) => certainty === 'certain');
  } catch {
    return false;
  }
}

/** They are about one path, or about one thing by two names. Of one thing by one name wishes were compared before. */
function areAboutOne(one: PlannedTask, other: PlannedTask, about: (one: PlannedTask) => About): boolean {
  if (one.task.thing === other.task.thing || isInstead(one.task, other.task)) return false;
  const [first, second] = [about(one), about(other)];
  if (first.world !== second.world) return false;
  return isAboutOne(first, second);
}

/** What a task is about, behind links and aliases of its host. */
export interface About {
  readonly world: World;
  readonly thing: string;
  readonly paths: ReadonlySet<string>;
  /** Those of them whose content it is about. */
  readonly files: ReadonlySet<string>;
}

export function aboutOf({ task, found = [] }: PlannedTask, world: World): About {
  const behind = (paths: readonly string[]) => new Set(paths.map((path) => world.behind(path).path));
  const paths = behind([...pathsOf(task), ...found]);
  return { world, thing: world.thing(task.thing), paths, files: behind(task.files ?? []) };
}

/** They are about one thing, or one path. */
export function isAboutOne(one: About, other: About): boolean {
  return one.thing === other.thing || haveCommon(one.paths, other.paths);
}

function haveCommon(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  for (const one of some) if (others.has(one)) return true;
  return false;
}
