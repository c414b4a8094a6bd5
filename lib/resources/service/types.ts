import type { Sh } from '../../dsl/shell/sh.ts';

/** A file that a service reads when it starts. */
export interface Loaded {
  readonly path: string;
  /** Digest that a start must have recorded for it; by default of the whole file as it will be. */
  readonly digest?: string;
  /** Digests of versions that make no other process: whoever has loaded one of them need not start anew. */
  readonly alike?: readonly string[];
}

/** When a service counts as started. */
export interface Ready {
  /** Succeeds once the service does its work; awaited after a start. */
  readonly until: Sh;
  /** Seconds. */
  readonly timeout: number;
  /** Picks from the log lines of this start, on standard input, the one that tells why it failed. */
  readonly telling?: Sh;
}

interface ServiceBase {
  readonly loads: readonly Loaded[];
  readonly ready?: Ready;
}

interface SystemdOptions extends ServiceBase {
  readonly manager: 'systemd';
  /** The unit, where it is one of ours. */
  readonly unitPath?: string;
  /** Files that it writes its log to, besides the journal. */
  readonly logs?: readonly string[];
}

interface ProcessOptions extends ServiceBase {
  readonly manager: 'process';
  readonly executable: string;
  /** Runs before every start; a failure ends it. */
  readonly before: Sh;
  /** `KEY="value"` lines, all of its environment; a file that is missing is passed over. */
  readonly environmentFiles: readonly string[];
  /** Holds pid and start time. */
  readonly pidFile: string;
  readonly log: string;
}

export type ManagedOptions = SystemdOptions | ProcessOptions;

interface Named {
  /** Name of the unit, without `.service`. */
  readonly name: string;
}

export type SystemdService = SystemdOptions & Named;
export type ProcessService = ProcessOptions & Named;
export type ServiceDesired = SystemdService | ProcessService;

/** What a manager knows of a service. */
export interface Running {
  /** `starting`: there is a process, which waits for something or has just begun. */
  readonly state: 'running' | 'starting' | 'stopped' | 'failed';
  readonly enabled: boolean;
  /** It may not be started: `masked`, or `masked-runtime` until the next boot. */
  readonly masked?: string;
  /** systemd has an older unit loaded than the one on disk. */
  readonly stale: boolean;
  /** Names this start for good: another one has another. */
  readonly start: string | undefined;
  /** Seconds since the epoch. */
  readonly since: number | undefined;
}

/** What differs between managers: shell to read and to act. */
export interface ServiceManager<Desired extends ServiceDesired> {
  /** Prints nothing that `parse` would not understand; */
  probe(desired: Desired): Sh;
  parse(out: string): Running;
  /** Makes the manager know what is on disk, and keep it for the next boot where that is among the changes. */
  prepare(desired: Desired, actions: Actions): Sh;
  /** Starts it, by a restart whatever runs, or waits for one that is starting; ends once it is ready. */
  start(desired: Desired, how: 'start' | 'wait'): Sh;
}

/** Kinds and properties of changes. */
export type Actions = ReadonlySet<string>;
