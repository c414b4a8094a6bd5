/** Members of a cluster, counted: `spare` may stop at once without the quorum being lost. */
export interface Tally {
  readonly voters: number;
  readonly quorum: number;
  readonly healthy: number;
  /** Negative where the quorum is lost. */
  readonly spare: number;
}

/** What a step does to the quorum. */
export interface QuorumChange {
  readonly before: Tally;
  readonly after: Tally;
}

/** One thing that an operation on a cluster does, on one host. */
export interface Step {
  readonly host: string;
  /** What is done, as an order: `add it as a learner`. Tells the step from all others of its host. */
  readonly title: string;
  readonly ledger: QuorumChange;
}

/** `planned` is told of all steps first, and of a check nothing else; `begun` ends with one of the last two. */
export type StepStatus = 'planned' | 'begun' | 'done' | 'failed';
