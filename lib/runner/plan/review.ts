import type { PlannedTask, Playbook } from '../../dsl/play.ts';
import type { HostData } from '../../dsl/role.ts';
import type { Step } from '../../dsl/step.ts';

/** What one batch of a play is to change, once all its hosts are planned and before anything is changed. */
export interface PlannedBatch {
  /** As `playNames` has it. */
  readonly play: string;
  readonly hosts: readonly PlannedHost[];
  /** Hosts of the batch that could not be reached or planned. */
  readonly missing: readonly string[];
  /** Steps of a verb on a living cluster, in order. */
  readonly steps: readonly Step[];
}

export interface PlannedHost {
  readonly name: string;
  readonly target: HostData;
  readonly stateDir: string;
  /** Everything that roles want of it, what is fine already included. */
  readonly plan: readonly PlannedTask[];
}

/** A plan that was written down and agreed to. */
export interface Approval {
  /** It changes this host: the lock is taken before anything is read, so that no other run comes in between. */
  changes(host: string): boolean;
  /** Compares what would be done, batch after batch, with what was agreed to. Throws exit code 3. */
  compare(batches: readonly PlannedBatch[]): Promise<void>;
  /**
   * Looks at what a batch is about to do. `rehearsed`: all batches were compared before the first change, and what
   * earlier ones have decided since may have settled what was not certain then. Throws exit code 3.
   */
  review(batch: PlannedBatch, rehearsed: boolean): Promise<void>;
}

/** The names of plays, told apart: the second `web` is `web (2)`. */
export function playNames(plays: Playbook['plays']): readonly string[] {
  const names = plays.map(({ name }) => name);
  return names.map((name, i) => {
    const number = names.slice(0, i + 1).filter((one) => one === name).length;
    return number === 1 ? name : `${name} (${number})`;
  });
}
