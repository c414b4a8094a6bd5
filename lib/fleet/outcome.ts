import { EXIT, type ExitCode, worstExit } from '../errors.ts';

/** How the process of a job ended. */
export interface Ended {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  /** Somebody cancelled the job, or its run. */
  readonly cancelled: boolean;
  readonly check: boolean;
}

/** `drift`: a check found something to change. `retry`: try again later. `failed` is final. */
export type Verdict = 'done' | 'drift' | 'retry' | 'failed' | 'cancelled';

/** Somebody else has the hosts, they are out of reach, or the process was ended from outside: later it may work. */
const PASSING: readonly number[] = [EXIT.unreachable, EXIT.locked, EXIT.interrupted, EXIT.terminated];

/** What the end of its process means for a job. What is done is done, also where it was cancelled meanwhile. */
export function verdictOf({ code, cancelled, check }: Ended): Verdict {
  if (code === EXIT.ok) return 'done';
  if (code === EXIT.pending && check) return 'drift';
  if (cancelled) return 'cancelled';
  return code === undefined || PASSING.includes(code) ? 'retry' : 'failed';
}

/** What became of a cluster: `skipped` was never begun, because its wave was stopped. */
export type JobStatus =
  | 'waiting'
  | 'running'
  | 'retrying'
  | 'done'
  | 'drift'
  | 'failed'
  | 'cancelled'
  | 'skipped';

const ENDS: readonly JobStatus[] = ['done', 'drift', 'failed', 'cancelled', 'skipped'];

export function isEnd(status: JobStatus): boolean {
  return ENDS.includes(status);
}

const EXITS: Partial<Record<JobStatus, ExitCode>> = {
  failed: EXIT.failed,
  cancelled: EXIT.interrupted,
  drift: EXIT.pending,
};

/** The exit code of a fleet whose clusters ended so. */
export function exitOf(statuses: Iterable<JobStatus>): ExitCode {
  return worstExit([...statuses].map((status) => EXITS[status] ?? EXIT.ok));
}
