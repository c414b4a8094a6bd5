import type { ExitCode } from '../errors.ts';
import type { RunEvent } from '../runner/events.ts';

/** What a program says of a run, in the words of the command line. */
export interface RunOptions {
  /** Inventories: files, directories, `host,`. By default `inventory.yaml` in the working directory. */
  readonly inventory?: string | readonly string[];
  /** Only these hosts, by a pattern: `web:!web03`. */
  readonly limit?: string;
  /** Only these roles, by name. */
  readonly roles?: readonly string[];
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  /** Variables that win over the inventory. */
  readonly extraVars?: Readonly<Record<string, unknown>>;
  /** Hosts worked on at once; 50 unless said. */
  readonly forks?: number;
  /** Who logs in, where the inventory says nothing. */
  readonly user?: string;
  readonly become?: boolean;
  /** Takes away what roles made once and no longer declare. */
  readonly prune?: boolean;
  /** Agrees to what a playbook would ask; by default nobody does. */
  readonly yes?: boolean;
  readonly vaultPasswordFiles?: readonly string[];
}

/** What became of a plan or an apply. */
export interface Outcome {
  readonly exitCode: ExitCode;
  /** Everything that was said, in order; the recap last, where there was contact. */
  readonly events: readonly RunEvent[];
  /** Tasks that differ, with their changes. */
  readonly changed: readonly Extract<RunEvent, { event: 'task' }>[];
  readonly errors: readonly Extract<RunEvent, { event: 'error' }>[];
}

export interface PlaybookRun {
  /** What is said while it goes on; ends with the apply, or with `cancel`. Each iteration gets all from the start. */
  readonly events: AsyncIterable<RunEvent>;
  /** Says what an apply would change, and changes nothing. Never throws for what hosts or inventory have wrong. */
  plan(): Promise<Outcome>;
  /** Changes it, from new readings. */
  apply(): Promise<Outcome>;
  /** Finishes and proves the tasks in hand, then ends with 130; the second time, at once. */
  cancel(): void;
  /** The exit code of the apply; of what was cancelled, 130. */
  readonly done: Promise<ExitCode>;
}
