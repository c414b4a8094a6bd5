import { MARK } from '../../dsl/shell/probe.ts';
import type { Reading } from '../../dsl/task.ts';
import { LineReader } from './lines.ts';

export interface FrameHandlers {
  /** A fragment began. */
  readonly begin?: (id: string) => void;
  /** A whole line of the fragment under way; decoded, without its newline. */
  readonly line?: (id: string, line: string) => void;
  /** `isCut`: it printed more than is kept. */
  readonly end: (id: string, reading: Reading, isCut: boolean) => void;
}

/** Characters of one fragment's output that are kept. */
export const MAX_OUTPUT = 16 * 1024 * 1024;

/** The same of all fragments together. */
const MAX_ALL = 4 * MAX_OUTPUT;

interface Open {
  readonly id: string;
  readonly lines: string[];
  size: number;
  isCut: boolean;
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
  readonly #lines = new LineReader((line, isCut) => this.#line(line, isCut));
  #current: Open | undefined;
  /** An empty line that is not told yet: it may be the newline that the frame brings. */
  #held: string | undefined;
  #kept = 0;
  /** Process ID of the script on the host; undefined until it has begun. */
  pid: number | undefined;

  constructor(nonce: string, handlers: FrameHandlers) {
    this.#marker = `${nonce} `;
    this.#handlers = handlers;
  }

  push(chunk: Buffer): void {
    this.#lines.push(chunk);
  }

  /** The fragment under way was ended: it says so, and has this exit status. */
  cut(said: string, code: number): void {
    const open = this.#current;
    if (open === undefined) return;
    this.#text(said, false);
    this.#end(open, code);
  }

  #line(said: string, isCut: boolean): void {
    const line = said.replaceAll(MARK, '\ufffd');
    if (!line.startsWith(this.#marker)) {
      this.#text(line, isCut);
      return;
    }
    const [type, argument = ''] = line.slice(this.#marker.length).split(' ');
    if (type === 'B') {
      this.#current = { id: argument, lines: [], size: 0, isCut: false };
      this.#held = undefined;
      this.#handlers.begin?.(argument);
    } else if (type === 'E' && this.#current) this.#end(this.#current, Number(argument));
    else if (type === 'P') this.#mark(line.slice(`${this.#marker}P `.length), isCut);
    else if (type === 'H') this.pid = Number(argument) || undefined;
    else if (type === 'S') this.stopped = true;
    else if (type === 'D') this.complete = true;
  }

  #end(open: Open, code: number): void {
    // The frame brings a newline of its own: the last, empty line is not the fragment's.
    if (this.#held !== '') this.#tell(open);
    this.#held = undefined;
    this.#current = undefined;
    this.#handlers.end(open.id, { code, out: open.lines.join('\n') }, open.isCut);
  }

  /** A mark brings a newline of its own, too. */
  #mark(name: string, isCut: boolean): void {
    if (this.#held === '') this.#held = undefined;
    this.#text(`${MARK}${name}`, isCut);
  }

  #text(line: string, isCut: boolean): void {
    const open = this.#current;
    if (!open) return;
    this.#tell(open);
    this.#held = line;
    open.isCut ||= isCut;
    // Only an empty one may be the frame's: any other is told at once, for who watches a long command.
    if (line !== '') this.#tell(open);
  }

  #tell(open: Open): void {
    const line = this.#held;
    if (line === undefined) return;
    this.#held = undefined;
    this.#handlers.line?.(open.id, line);
    open.size += line.length + 1;
    if (open.size > MAX_OUTPUT || this.#kept > MAX_ALL) {
      open.isCut = true;
      return;
    }
    this.#kept += line.length + 1;
    open.lines.push(line);
  }
}
