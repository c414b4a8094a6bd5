import { redact } from '../../dsl/secret.ts';

/** Bytes of one line that are kept: a host may print without end, and without a newline. */
export const MAX_LINE = 1024 * 1024;

/** Characters before a cut that go with it: a secret must not be seen as its first half. */
const MARGIN = 4096;

/**
 * Takes a stream apart into whole lines, chunk by chunk, decoded one by one: so neither a character nor a secret
 * that a chunk cuts in two is ever seen as its halves. Of a line that is too long the beginning is told.
 */
export class LineReader {
  readonly #tell: (line: string, isCut: boolean) => void;
  #parts: Buffer[] = [];
  #size = 0;
  #isCut = false;

  constructor(tell: (line: string, isCut: boolean) => void) {
    this.#tell = tell;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      this.#add(chunk.subarray(start, end));
      this.#flush();
      start = end + 1;
    }
    this.#add(chunk.subarray(start));
  }

  /** The stream is over: what is left is a line, too. */
  end(): void {
    if (this.#size > 0) this.#flush();
  }

  #add(bytes: Buffer): void {
    const kept = bytes.subarray(0, MAX_LINE - this.#size);
    if (kept.length < bytes.length) this.#isCut = true;
    if (kept.length === 0) return;
    this.#parts.push(kept);
    this.#size += kept.length;
  }

  #flush(): void {
    const [only] = this.#parts;
    const bytes = this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts);
    const isCut = this.#isCut;
    this.#parts = [];
    this.#size = 0;
    this.#isCut = false;
    const line = bytes.toString('utf8');
    this.#tell(isCut ? `${redact(line).slice(0, -MARGIN)}… (the rest of the line is cut)` : line, isCut);
  }
}
