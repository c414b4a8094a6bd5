import { stripVTControlCharacters } from 'node:util';
import { FakeStream } from './streams.ts';

/** A terminal that obeys the few sequences the report uses; what scrolls off stays in `lines`. */
export class FakeTerminal extends FakeStream {
  /** All lines, the visible ones last; no colours. */
  readonly lines: string[] = [''];
  cursorHidden = false;
  /** Highest row above the cursor that was ever redrawn. */
  highest = 0;
  widest = 0;
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    super({ columns, rows });
  }

  override write = (text: string, done?: unknown): boolean => {
    this.text += text;
    this.writes.push(text);
    for (const [part] of text.matchAll(/\x1b\[[?\d;]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+/g)) this.#obey(part);
    if (typeof done === 'function') done();
    return true;
  };

  /** What is on the screen and above it, without empty lines at the end. */
  get screen(): string {
    return this.lines
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  #obey(part: string): void {
    const up = /^\x1b\[(\d+)A$/.exec(part);
    if (up) {
      this.highest = Math.max(this.highest, Number(up[1]));
      this.#row -= Math.min(Number(up[1]), this.rows - 1);
    } else if (part === '\r') this.#column = 0;
    else if (part === '\n') {
      this.#row += 1;
      this.#column = 0;
      while (this.lines.length <= this.#row) this.lines.push('');
    } else if (part === '\x1b[J') {
      this.lines.length = this.#row + 1;
      this.#line = this.#line.slice(0, this.#column);
    } else if (part === '\x1b[K') this.#line = this.#line.slice(0, this.#column);
    else if (part === '\x1b[?25l') this.cursorHidden = true;
    else if (part === '\x1b[?25h') this.cursorHidden = false;
    else if (!part.startsWith('\x1b')) this.#print(stripVTControlCharacters(part));
    else if (!part.endsWith('m')) throw new Error(`unexpected sequence ${JSON.stringify(part)}`);
  }

  #print(text: string): void {
    const end = this.#column + text.length;
    this.#line = this.#line.padEnd(this.#column).slice(0, this.#column) + text + this.#line.slice(end);
    this.#column = end;
    this.widest = Math.max(this.widest, end);
  }

  get #line(): string {
    return this.lines[this.#row] ?? '';
  }

  set #line(text: string) {
    this.lines[this.#row] = text;
  }
}
