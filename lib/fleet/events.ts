import type { ExitCode } from '../errors.ts';
import type { Job, JobReport, Order } from './order.ts';

/** What a fleet tells the world, in order; terminal, plain lines and JSON are all made from it. */
export type FleetEvent =
  | ({
      readonly event: 'fleet';
      /** As it was named. */
      readonly playbook: string;
      readonly clusters: readonly string[];
      /** Sizes of the waves. */
      readonly waves: readonly number[];
    } & Pick<Order, 'check' | 'who' | 'from' | 'message' | 'retryOf'>)
  | {
      readonly event: 'wave';
      readonly wave: number;
      readonly of: number;
      readonly clusters: readonly string[];
    }
  | ({ readonly event: 'job' } & JobReport)
  | {
      /** Nothing further is begun. */
      readonly event: 'stopped';
      readonly wave: number;
      readonly failed: number;
      /** So many might have failed. */
      readonly errors: number;
    }
  | { readonly event: 'log'; readonly level: 'info' | 'warning'; readonly message: string }
  | {
      readonly event: 'recap';
      readonly check: boolean;
      readonly clusters: Readonly<Record<string, Omit<JobReport, 'cluster'>>>;
      readonly elapsedMs: number;
      readonly exitCode: ExitCode;
    }
  | { readonly event: 'runs'; readonly workers: readonly string[]; readonly runs: readonly RunRow[] }
  | { readonly event: 'schedules'; readonly schedules: readonly ScheduleRow[] };

/** A run in the list of `fleet status`. */
export interface RunRow {
  readonly run: string;
  readonly began: string;
  readonly who: string;
  readonly from: string;
  readonly playbook: string;
  readonly check: boolean;
  /** `waiting`, `wave 2 of 3`, `ended`, or why it has failed. */
  readonly state: string;
  /** How many clusters there are of each status. */
  readonly clusters: Readonly<Record<string, number>>;
  readonly exitCode: number | null;
}

export interface ScheduleRow {
  readonly name: string;
  readonly cron: string;
  readonly tz: string;
  readonly next: string | null;
  readonly playbook: string;
  readonly check: boolean;
  /** Patterns of its inventories. */
  readonly clusters: readonly string[];
}

/** Where events of a fleet go. */
export interface FleetView {
  emit(event: FleetEvent): void;
  /** What the runs of a job have printed, as JSON: told when it has ended. */
  lines?(lines: readonly string[]): void;
  close(): Promise<void>;
}

/** What carries out an order: this machine alone, or workers. */
export interface Engine {
  /** Carries it out; resolves when nothing of it is under way. Throws where that cannot be said. */
  carryOut(order: Order, jobs: readonly Job[], hear: FleetHearer): Promise<void>;
  /**
   * Ends it: jobs under way finish their tasks in hand, others are not begun. Once more: at once. SIGHUP says that nobody
   * looks on any more: what others carry out goes on.
   */
  cancel(signal: NodeJS.Signals): void;
}

/** Who is told of the progress of a fleet. */
export interface FleetHearer {
  wave(wave: number): void;
  job(report: JobReport): void;
  stopped(wave: number, failed: number): void;
  log(level: 'info' | 'warning', message: string): void;
  lines(lines: readonly string[]): void;
  /** The lines of jobs are asked for. */
  readonly wantsLines: boolean;
}
