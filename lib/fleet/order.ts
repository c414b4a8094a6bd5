import type { JobStatus } from './outcome.ts';
import type { Share } from './waves.ts';

/** One of our playbooks by its name, or a file of the project by its path from there. */
export type PlaybookRef = { readonly own: string } | { readonly file: string };

/** One job: one cluster, one process. */
export interface Job {
  /** How people name it: `prod-eu`. */
  readonly cluster: string;
  /** From the project's folder. */
  readonly inventory: string;
  /** A part of the inventory's hosts: `2/5`. */
  readonly shard?: string;
  /** Digest of all files that the inventory is made of. */
  readonly digest?: string;
}

/** What all jobs of a run share. It goes through Redis, and holds no secret. */
export interface Order {
  /** The run's ID. */
  readonly run: string;
  readonly playbook: PlaybookRef;
  /** The playbook as it was named. */
  readonly name: string;
  /** For the playbook, as they were given after `--`. */
  readonly words: readonly string[];
  readonly check: boolean;
  readonly yes: boolean;
  readonly message?: string;
  readonly waves: readonly Share[];
  readonly errors: Share;
  /** How often a job is begun, at most. */
  readonly attempts: number;
  /** Before the second attempt, in ms; twice that before the third, and so on. */
  readonly backoff: number;
  /** How long a job waits for a worker that has its code and inventory, in ms. */
  readonly patience: number;
  /** The name in the package.json of where it was given: another project's workers refuse. */
  readonly project?: string;
  readonly who: string;
  readonly from: string;
  /** The run whose clusters are tried once more. */
  readonly retryOf?: string;
  readonly code?: CodeDigest;
}

/** Which code and inventory are meant: a worker that has others refuses. */
export interface CodeDigest {
  readonly version: string;
  /** Of Quorate's own files. */
  readonly own: string;
  /** Digest of the files of the project that the playbook is made of. */
  readonly project: string;
  /** For digests of inventories with secrets in them. */
  readonly secrets: {
    readonly salt: string;
    readonly cost: number;
    readonly blockSize: number;
    readonly parallelization: number;
  };
}

/** How one job stands. */
export interface JobReport {
  readonly cluster: string;
  /** From 1. */
  readonly wave: number;
  readonly status: JobStatus;
  /** Number of this attempt, from 1. */
  readonly attempt?: number;
  readonly exitCode?: number;
  /** In words, of what did not go well. */
  readonly reason?: string;
  /** The run of the playbook: its record lies on the worker. */
  readonly jobRunId?: string;
  readonly worker?: string;
  /** Tasks that have changed something, or would. */
  readonly changed?: number;
  readonly elapsedMs?: number;
  /** When a job that is tried again begins anew, in ms from now. */
  readonly delayMs?: number;
}

/** Time before the attempt that follows `attempt`: doubled each time, an hour at most. */
export function backoffOf({ backoff }: Pick<Order, 'backoff'>, attempt: number): number {
  return Math.min(backoff * 2 ** (attempt - 1), 3_600_000);
}

/** The ID of a job, by its run and cluster. */
export function jobId(run: string, cluster: string): string {
  return `${run}.${cluster}`;
}
