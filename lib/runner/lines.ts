/**
 * Takes a stream apart into whole lines, chunk by chunk, decoded one by one: so neither a character nor a secret
 * that a chunk cuts in two is ever seen as its halves.
 */
export class LineReader {
  readonly #tell: (line: string) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(10, start); end >= 0; end = bytes.indexOf(10, start)) {
      this.#tell(bytes.toString('utf8', start, end));
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
  }

  /** The stream is over: what is left is a line, too. */
  end(): void {
    if (this.#rest.length > 0) this.#tell(this.#rest.toString('utf8'));
    this.#rest = Buffer.alloc(0);
  }
}
