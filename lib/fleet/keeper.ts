/** What ends a run, and tells how, is kept where nothing else is any more. */
const VITAL = /^\{"event":"(?:start|error|recap)"/;
const VITAL_LENGTH = 16 * 1024;

/** Keeps the lines of runs up to a number of characters and lines; a line says where the first ones are left out. */
export class Keeper {
  #left: number;
  #lines: number;
  #isFull = false;
  readonly #longest: number;

  constructor(most: number, longest = most, lines = Number.POSITIVE_INFINITY) {
    this.#left = most;
    this.#longest = longest;
    this.#lines = lines;
  }

  /** What to keep of a line: all of it, a word about it, or nothing. */
  take(line: string): string | undefined {
    if (VITAL.test(line) && line.length <= VITAL_LENGTH) return line;
    if (this.#isFull) return undefined;
    const isLong = line.length > this.#longest;
    if (this.#lines === 0 || (!isLong && line.length > this.#left)) {
      this.#isFull = true;
      return leftOut(line, 'from here on lines are left out, there are too many');
    }
    this.#lines -= 1;
    if (isLong) return leftOut(line, `a line of ${line.length} characters is left out`);
    this.#left -= line.length;
    return line;
  }
}

/** An event of the run whose line it is. */
function leftOut(line: string, what: string): string | undefined {
  const [, runId] = /"runId":"([^"]+)"/.exec(line.slice(0, 500)) ?? [];
  if (runId === undefined) return undefined;
  const message = `${what}: .quorate/runs, beside the inventory, has the whole run`;
  return JSON.stringify({ event: 'log', time: new Date().toISOString(), runId, level: 'warning', message });
}
