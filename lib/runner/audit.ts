import { hostname } from 'node:os';
import { runId } from '../dsl/common/run-id.ts';
import type { Holder } from '../dsl/hold/hold.ts';
import { redact } from '../dsl/secret.ts';
import { sh } from '../dsl/shell/sh.ts';
import type { ExitCode } from '../errors.ts';
import type { Host } from '../transport/host.ts';
import { whoami } from '../whoami.ts';
import { exchange } from './exchange/exchange.ts';
import type { LoopHost } from './loop-host.ts';

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
  await append(host.host, host.stateDir, {
    time: new Date().toISOString(),
    runId: runId(),
    who: whoami(),
    from: hostname(),
    command: redact(note.command),
    ...(note.message !== undefined && { message: redact(note.message) }),
    outcome,
  });
}

/**
 * The same for a run that ended without a word, by whoever takes over its lock: its outcome is null, and what it has
 * changed there nobody knows. Nothing where its lock does not tell its command.
 */
export async function leaveTraceOf(host: Host, stateDir: string, holder: Holder): Promise<void> {
  const { runId: id, since: time, command, message } = holder;
  if (command === undefined) return;
  const at = holder.who.lastIndexOf('@');
  const by = { who: holder.who.slice(0, at), from: holder.who.slice(at + 1) };
  await append(host, stateDir, { time, runId: id, ...by, command, message, outcome: null });
}

async function append(host: Host, stateDir: string, entry: object): Promise<void> {
  const line = JSON.stringify(entry);
  const script = sh`if [ -d "$q_state" ]; then umask 077; printf '%s\n' ${line} >>"$q_state/audit.jsonl"; fi`;
  const fragment = { id: 'audit', sh: script, critical: false, patience: PATIENCE };
  await exchange(host, [fragment], { doing: 'leaving a trace', stateDir });
}
