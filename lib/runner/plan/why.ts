import type { Change } from '../../dsl/task.ts';
import type { Position } from '../../errors.ts';

/** Why a task would change a host, or would not. */
export interface Why {
  readonly host: string;
  readonly role: string;
  readonly task: string;
  readonly status: 'ok' | 'changed' | 'unknown' | 'skipped';
  /** Where the role asks for the task; else where the role is. */
  readonly position?: Position;
  /** What its probe found, a line each. */
  readonly read: readonly string[];
  /** All that is wanted, as data; secrets are masked. */
  readonly wanted: unknown;
  readonly changes: readonly Change[];
  /** What the role declares to read. */
  readonly variables: readonly WhyVariable[];
  /** The same for people; not part of the JSON stream. */
  readonly lines: readonly string[];
}

export interface WhyVariable {
  readonly variable: string;
  readonly value?: unknown;
  /** `group web`, `host a`, `--extra-vars` or `default`. */
  readonly by: string;
  readonly position?: Position;
}
