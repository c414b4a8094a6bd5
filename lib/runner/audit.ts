import { hostname } from 'node:os';
import { runId } from '../dsl/common/run-id.ts';
import { redact } from '../dsl/secret.ts';
import { sh } from '../dsl/sh.ts';
import type { ExitCode } from '../errors.ts';
import { whoami } from '../whoami.ts';
import { exchange } from './exchange/exchange.ts';
import type { LoopHost } from './play-host.ts';

/** What a person wants the hosts to remember of a run. */
export interface AuditNote {
  /** The command line, without the values of variables: they may be secrets. */
  readonly command: string;
  /** `--message`. */
  readonly message?: string;
}

/** Seconds that a host has for it: the work is done, and nobody should wait long for its trace. */
const PATIENCE = 10;

/**
 * Leaves a line on a host where a run has changed something: `audit.jsonl` among our records, for whoever comes next.
 * A host without records (they were taken away) gets none.
 */
export async function leaveTrace(host: LoopHost<unknown>, note: AuditNote, outcome: ExitCode): Promise<void> {
  const line = JSON.stringify({
    time: new Date().toISOString(),
    runId: runId(),
    who: whoami(),
    from: hostname(),
    command: redact(note.command),
    ...(note.message !== undefined && { message: redact(note.message) }),
    outcome,
  });
  const append = sh`if [ -d "$q_state" ]; then umask 077; printf '%s\n' ${line} >>"$q_state/audit.jsonl"; fi`;
  const fragment = { id: 'audit', sh: append, critical: false, patience: PATIENCE };
  await exchange(host.host, [fragment], { doing: 'leaving a trace', stateDir: host.stateDir });
}
