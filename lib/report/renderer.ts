import type { EventSink } from '../runner/events.ts';

/** A renderer behind the report; it is told of redacted events only. */
export interface Renderer extends EventSink {
  /** Prints what is left, and resolves when it is written. */
  close(): Promise<void>;
  /** Takes live output off the screen until `work` is done. */
  suspend?<T>(work: () => Promise<T>): Promise<T>;
}
