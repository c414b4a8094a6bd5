import { isDue, type PlannedTask } from '../../dsl/play.ts';
import { World } from '../../dsl/world/world.ts';
import { differencesOf, wordsOf } from '../exchange/task-shell.ts';
import type { LoopHost } from '../loop-host.ts';
import { aboutOf, isAboutOne, isCertain } from './undone.ts';
import { isOneWish } from './wishes.ts';

type Planned = Pick<LoopHost<unknown>, 'target' | 'plan' | 'foreseen'>;

interface Kept {
  readonly play: string;
  readonly planned: PlannedTask;
}

/**
 * Of a check: what the plays so far make of each host, to tell where a later one takes it back and every run would change
 * both. It is not an error, as it is within one play: to take something away, work, and bring it back is how people do
 * maintenance. Plans must have kept their readings.
 */
export class TakenBack {
  readonly #kept = new Map<string, readonly Kept[]>();

  /** One sentence for each thing that this play takes back on the host. */
  meet(play: string, { target: { name }, plan, foreseen }: Planned): readonly string[] {
    const judged = plan.filter(isJudged);
    const before = this.#kept.get(name) ?? [];
    this.#kept.set(name, [...before, ...judged.map((planned) => ({ play, planned }))]);
    const about = (planned: PlannedTask) => aboutOf(planned, foreseen);
    const due = judged.filter(isDue).map((one) => ({ one, at: about(one) }));
    return before.flatMap((kept) => {
      const { task } = kept.planned;
      const own = about(kept.planned);
      // A difference that both tasks have, and that neither foresees, is due for both: the later task takes nothing
      // back.
      const by = due.find(({ one, at }) => isAboutOne(own, at) && !isOneWish(task, one.task))?.one;
      if (by === undefined || !isDueAgain(kept.planned, foreseen)) return [];
      return `${name}: "${by.task.title}" of the play ${play} takes back what "${task.title}" of the play ${kept.play} makes: every run changes both`;
    });
  }
}

/** A check can tell whether it has something to do, and it is done on this host. */
function isJudged({ task, skipped, waits }: PlannedTask): boolean {
  if (skipped !== undefined || waits || task.unproven || task.act || task.after === 'any') return false;
  const { delegateTo, runOnce } = wordsOf(task);
  return delegateTo === undefined && !runOnce && !task.within?.some(({ part }) => part === 'rescue');
}

function isDueAgain({ task, reading }: PlannedTask, foreseen: World): boolean {
  if (reading === undefined) return false;
  const isDueIn = (world: World) => isCertain(() => differencesOf(task, reading, world));
  const next = new World(foreseen);
  // A task that is due again even after its own change is judged by its reading only.
  return isDueIn(next) && !isDueIn(new World(next));
}
