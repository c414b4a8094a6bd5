import type { Change, Reading, Task } from '../task.ts';
import type { World } from '../world/world.ts';
import type { Kept } from './records.ts';

/**
 * What becomes of a thing that no role declares any more: it is not there, it can go, or it stays. `declared`: a role
 * does, by another name.
 */
export type Verdict =
  | { readonly is: 'gone' | 'declared' }
  | { readonly is: 'due'; readonly changes: readonly Change[] }
  | { readonly is: 'staying'; readonly why: string };

/** A thing that no role declares any more. */
export interface LeftOver {
  readonly made: Kept;
  /** Takes it away, and out of the records, where it still is as it was made. */
  readonly task: Task;
  /** Tell, over the world so far, what `task` would do; the world is updated as by a diff. */
  judge(reading: Reading, world: World): Verdict;
}

export interface LeftOverContext {
  /** All that roles of this run want of the host. */
  readonly declared: readonly Task[];
  /** See `Ledger.isForeign`. */
  isForeign?(made: Kept, world: World): boolean;
}

/** Builds what takes things away, those that need others first. */
export type TakeAway = (made: readonly Kept[], context: LeftOverContext) => readonly LeftOver[];
