/** What is at a path. */
export interface PathState {
  readonly type: 'file' | 'directory' | 'link' | 'pipe' | 'socket' | 'device' | 'other';
  /** Octal, four digits. */
  readonly mode: string;
  /** By name; the number of one that has none. */
  readonly owner: string;
  readonly group: string;
  /** Numbers of the two, where they were read. */
  readonly uid?: string;
  readonly gid?: string;
  /** In bytes. */
  readonly size: number;
  /** For a file: its digest in hex, or `UNKNOWN` until the run has made it. */
  readonly sha256?: string;
  /** For a small file whose text was asked for. */
  readonly text?: string | undefined;
  /** Why the file cannot be replaced by a rename: it is a mount point, or has the immutable attribute. */
  readonly pinned?: 'mount' | 'attribute';
  /** For a link that leads to one of these. */
  readonly leadsTo?: 'directory' | 'device';
  /** For a link that a task declares: the path that it leads to. */
  readonly to?: string;
  /** The link is new, or will point elsewhere: what was read through it is not what will be there. */
  readonly isMoved?: boolean;
  /** An earlier task makes this folder: nothing is in it but what is foreseen. */
  readonly isNew?: boolean | undefined;
}

export interface UserState {
  /** Name of the primary group. */
  readonly group: string;
  /** Further groups that earlier tasks put it in. */
  readonly groups?: readonly string[];
}

export interface UnitState {
  readonly state?: 'running' | 'stopped';
  /** systemd's word for how it is enabled, where an earlier task changes it. */
  readonly unitFile?: string;
  /** What it will have read, as `Mark` has it, where an earlier task has it started or reloaded. */
  readonly read?: ReadonlyMap<string, string>;
}

export interface PackageState {
  /** undefined: whichever the package manager finds. */
  readonly version?: string | undefined;
}

/** What earlier tasks will make of one thing, over what a probe saw of it. */
export interface Foreseen<State> {
  /** What was said last; null: it will be gone; undefined: no earlier task touches it. */
  readonly state: Partial<State> | null | undefined;
  /** Say what holds once this task is carried out; what is left out stays as it is. */
  willBe(state: Partial<State>): void;
  willBeAbsent(): void;
  /** What this task will find: the reading, or what earlier tasks make of it. */
  over(observed: State | undefined): State | undefined;
}
