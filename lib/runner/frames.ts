import type { Reading } from '../dsl/task.ts';
import { LineReader } from './lines.ts';

export interface FrameHandlers {
  /** A fragment began. */
  readonly begin?: (id: string) => void;
  /** A whole line of the fragment under way; decoded, without its newline. */
  readonly line?: (id: string, line: string) => void;
  readonly end: (id: string, reading: Reading) => void;
}

/**
 * Takes apart what a compiled script prints, chunk by chunk. What comes before the first frame (a login
 * shell's banner) or between frames belongs to nobody and is dropped.
 */
export class FrameParser {
  /** The script printed its end (`D`): every fragment ran. */
  complete = false;
  /** The script saw a stop request (`S`) and ended between two fragments. */
  stopped = false;
  readonly #marker: string;
  readonly #handlers: FrameHandlers;
  readonly #lines = new LineReader((line) => this.#line(line));
  #current: { readonly id: string; readonly lines: string[] } | undefined;

  constructor(nonce: string, handlers: FrameHandlers) {
    this.#marker = `${nonce} `;
    this.#handlers = handlers;
  }

  push(chunk: Buffer): void {
    this.#lines.push(chunk);
  }

  #line(line: string): void {
    if (!line.startsWith(this.#marker)) {
      this.#text(line);
      return;
    }
    const [type, argument = ''] = line.slice(this.#marker.length).split(' ');
    if (type === 'B') {
      this.#current = { id: argument, lines: [] };
      this.#handlers.begin?.(argument);
    } else if (type === 'E' && this.#current) {
      const { id, lines } = this.#current;
      // The frame brings a newline of its own: the last, empty line is not the fragment's.
      if (lines.at(-1) === '') lines.pop();
      else if (lines.length > 0) this.#handlers.line?.(id, lines.at(-1) ?? '');
      this.#current = undefined;
      this.#handlers.end(id, { code: Number(argument), out: lines.join('\n') });
    } else if (type === 'S') this.stopped = true;
    else if (type === 'D') this.complete = true;
  }

  #text(line: string): void {
    if (!this.#current) return;
    const { id, lines } = this.#current;
    // One behind: the last line may be the newline that the frame brings.
    if (lines.length > 0) this.#handlers.line?.(id, lines.at(-1) ?? '');
    lines.push(line);
  }
}
