import type { ToldFacts } from '../dsl/host-facts.ts';
import type { StateEvent } from '../dsl/states/state-event.ts';
import type { Step, StepStatus } from '../dsl/step.ts';
import type { Change } from '../dsl/task.ts';
import type { ExitCode, Position, QuorateError } from '../errors.ts';
import type { Why } from './plan/why.ts';

export type TaskStatus = 'ok' | 'changed' | 'failed' | 'skipped' | 'unknown';

/** One host's line of the recap. */
export interface HostRecap {
  ok: number;
  changed: number;
  failed: number;
  skipped: number;
  unknown: number;
  unreachable: number;
  /** Things that no role declares any more, and that are still there. Left out where it is 0. */
  leftOver?: number;
  roundTrips: number;
  /** How many of the failed ones a task's `ignoreErrors`, or a block's `rescue`, has seen to. Left out where it is 0. */
  ignored?: number;
  rescued?: number;
}

/** What a run tells the world, in order; terminal, log and JSON are all made from it. */
export type RunEvent =
  | {
      readonly event: 'start';
      readonly playbook: string;
      readonly inventory: readonly string[];
      readonly check: boolean;
      readonly hosts: readonly string[];
      /** Who started it, and on which machine. */
      readonly who?: string;
      readonly from?: string;
      /** The command line, without the values of variables. */
      readonly command?: string;
      /** `--message`. */
      readonly message?: string;
      /** What programs print on hosts is what the run is for: told without `-v`. */
      readonly tellsOutput?: boolean;
    }
  | { readonly event: 'play'; readonly play: string; readonly hosts: readonly string[] }
  | {
      /** What was read of a host before anything was planned there; once, and again where a later play reads more. */
      readonly event: 'facts';
      readonly host: string;
      readonly facts: ToldFacts;
    }
  | {
      readonly event: 'task';
      readonly host: string;
      readonly role: string;
      readonly task: string;
      readonly status: TaskStatus;
      readonly changes: readonly Change[];
      /** The host whose role it is, where another one acts. */
      readonly for?: string;
      /** For one that failed: why the run goes on there, `ignoreErrors` or the `rescue` of a block. */
      readonly handled?: 'ignored' | 'rescued';
      /** For one that was skipped: why, in words. */
      readonly reason?: string;
    }
  | {
      /** A line that a command of a task prints, as it does. */
      readonly event: 'output';
      readonly host: string;
      readonly task: string;
      readonly line: string;
    }
  | {
      readonly event: 'log';
      /** `debug` is for `-vv`; `trace`, the scripts, for `-vvv`. */
      readonly level: 'trace' | 'debug' | 'info' | 'warning';
      readonly host?: string;
      readonly task?: string;
      readonly message: string;
      /** What became of it all: the last line of a report repeats it. */
      readonly conclusion?: true;
    }
  | {
      /** Something that a role made, and none declares any more. */
      readonly event: 'left-over';
      readonly host: string;
      /** Who made it. */
      readonly role: string;
      readonly kind: string;
      readonly name: string;
      /** The inventory that it was made from, where that is not the one of the run, and is not here. */
      readonly from?: string;
      /** Why `--prune` does not take it away; not there where it does. */
      readonly stays?: string;
    }
  | ({ readonly event: 'why' } & Why)
  | ({ readonly event: 'step'; readonly status: StepStatus } & Step)
  | StateEvent
  | {
      readonly event: 'error';
      readonly message: string;
      readonly exitCode: ExitCode;
      readonly hint?: string;
      readonly host?: string;
      readonly task?: string;
      readonly position?: Position;
    }
  | {
      readonly event: 'recap';
      readonly check: boolean;
      readonly hosts: Readonly<Record<string, HostRecap>>;
      readonly elapsedMs: number;
      readonly exitCode: ExitCode;
    };

/** What only a progress view cares for; not part of the JSON stream. */
export interface Progress {
  readonly host: string;
  /** `connecting`, `reading`, `applying etcd.conf`…; undefined when the host is idle. */
  readonly doing: string | undefined;
  /** Planned tasks that a run has yet to apply there; left out when that is as before. */
  readonly due?: number;
}

/** Bytes for one of our own streams. */
export interface Printed {
  readonly host: string;
  /** What it was started for. */
  readonly task: string;
  readonly to: 'stdout' | 'stderr';
  readonly chunk: Buffer;
}

/** Where events go. Renderers are told of both; a slow one must not block. */
export interface EventSink {
  emit(event: RunEvent): void;
  progress(progress: Progress): void;
  /** What a program on a host prints for whoever called us: as it is, byte by byte. */
  print?(printed: Printed): void;
}

/** An error as an event; what it does not know is left out. */
export function errorEvent(error: QuorateError): Extract<RunEvent, { event: 'error' }> {
  const { message, exitCode, hint, host, task, position } = error;
  return {
    event: 'error',
    message,
    exitCode,
    ...(hint !== undefined && { hint }),
    ...(host !== undefined && { host }),
    ...(task !== undefined && { task }),
    ...(position !== undefined && { position }),
  };
}
