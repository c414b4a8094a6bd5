/** What ran on hosts, from their own lines and from the records of this machine. */
export interface HistoryState {
  /** The newest first. */
  readonly runs: readonly PastRun[];
  /** Hosts whose lines could not be read, and why. */
  readonly unread: readonly { readonly host: string; readonly why: string }[];
  /** Lines that are none of ours, or cut. */
  readonly damaged: number;
  /** The same for a person; not part of the JSON stream. */
  readonly table: string;
}

/** One run; what nobody knows of it is null. */
export interface PastRun {
  readonly id: string;
  /** When it began; of one that only hosts know, when it left its line there. RFC 3339, UTC. */
  readonly began: string;
  readonly who: string | null;
  readonly from: string | null;
  readonly command: string | null;
  readonly message: string | null;
  readonly check: boolean;
  /** The exit code; null of one that was killed, or is under way. */
  readonly outcome: number | null;
  readonly elapsedMs: number | null;
  /** Hosts that it changed, or would; how many tasks where that is known. */
  readonly changed: Readonly<Record<string, number | null>>;
  /** This machine has its record: it can be shown again. */
  readonly recorded: boolean;
}
