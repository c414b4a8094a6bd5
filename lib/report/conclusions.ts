import type { RunEvent } from '../runner/events.ts';

/**
 * Keeps tables for the end, with what is said of them: the first plain message right after a table is the
 * playbook's own conclusion (`cluster prod is healthy`), which the last line of the report repeats.
 */
export class Conclusions {
  readonly tables: string[] = [];
  readonly sentences: string[] = [];
  #afterTable = false;

  /** True when the event was kept, and is not to be printed now. */
  take(event: RunEvent): boolean {
    const table = event.event === 'log' && event.level === 'table';
    const sentence = this.#afterTable && event.event === 'log' && event.level === 'info' && !event.host;
    this.#afterTable = table;
    if (table) this.tables.push(event.message);
    if (sentence) this.sentences.push(event.message);
    return table || sentence;
  }
}
