/** What came of a backup that was tried. */
export interface DrillState {
  readonly cluster: string;
  /** The host that restored it. */
  readonly host: string;
  readonly file: string;
  /** Where it was taken from: a host, or where copies lie. */
  readonly from: string;
  readonly revision: number;
  /** RPO: how old it is, and how many revisions the cluster is ahead; null where nobody could say. */
  readonly ageSeconds: number;
  readonly behind: number | null;
  /** RTO: until it was on the host, and from there until it answered; null where it did not. */
  readonly fetchSeconds: number;
  readonly restoreSeconds: number | null;
  /** What is the same as the cluster has at that revision: `hash`, `count`, `keys`. */
  readonly same: readonly string[];
  /** Why nothing was compared with it; null where it was. */
  readonly apart: string | null;
  /** In what it is not what it should be. */
  readonly problems: readonly string[];
}
