import type { Step } from '../../dsl/step.ts';
import type { Change } from '../../dsl/task.ts';

/** What a plan file says it is; another number is another format. */
export const FORMAT = 'quorate-plan/1';

/** A plan as it is written: what a check shows, and what that rests on. */
export interface Plan {
  readonly format: typeof FORMAT;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly runId: string;
  /** Who made it, and where: `lena@laptop`. */
  readonly by: string;
  readonly playbook: string;
  readonly code: Code;
  readonly inventory: { readonly files: Digested };
  readonly options: PlanOptions;
  readonly secrets: Salted;
  /** Hosts that were looked at, changed or not. */
  readonly hosts: readonly string[];
  readonly tasks: readonly PlanTask[];
  readonly steps: readonly PlanStep[];
}

/** Digests by path, relative to the folder that the plan was made in where they lie below it. */
export type Digested = Readonly<Record<string, string>>;

export interface Code {
  readonly version: string;
  /** Digest of all files of Quorate's own that the playbook is made of. */
  readonly own: string;
  /** The playbook of a user and what it imports. */
  readonly files: Digested;
}

/** What the command line said, in the words of its flags. */
export interface PlanOptions {
  readonly inventory: readonly string[];
  readonly local: boolean;
  readonly limit: string | null;
  /** `--shard 2/5`. */
  readonly shard: { readonly index: number; readonly of: number } | null;
  readonly roles: readonly string[];
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly prune: boolean;
  readonly words: readonly string[];
  /** Flags that only this playbook has. */
  readonly own: Readonly<Record<string, string | boolean>>;
}

/** How digests that start with `scrypt:` were made; others are `sha256:`. */
export interface Salted {
  /** 16 bytes in base64, of this plan alone. */
  readonly salt: string;
  /** scrypt's N, r and p. */
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

/** A task with something to do on a host. */
export interface PlanTask {
  readonly play: string;
  readonly host: string;
  readonly role: string;
  readonly task: string;
  readonly resource: string;
  /** The host that acts, where that is another one. */
  readonly by?: string;
  /** Digest of all that is wanted, secrets included. */
  readonly wanted: string;
  /** Digest of what was read. */
  readonly observed: string;
  readonly changes: readonly PlanChange[];
}

export type PlanChange = Pick<Change, 'kind' | 'property' | 'before' | 'after' | 'certainty'>;

export type PlanStep = { readonly play: string } & Step;
