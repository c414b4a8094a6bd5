/** A time limit that is set anew as things go on. */
export class Deadline {
  readonly #late: (seconds: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Number.POSITIVE_INFINITY;

  /** `late` hears once how many seconds were waited in vain. */
  constructor(late: (seconds: number) => void) {
    this.#late = late;
  }

  /** Counts anew; without a number nobody counts. */
  set(seconds: number | undefined): void {
    clearTimeout(this.#timer);
    if (seconds === undefined || !Number.isFinite(seconds)) {
      this.#at = Number.POSITIVE_INFINITY;
      return;
    }
    this.#at = Date.now() + seconds * 1000;
    this.#timer = setTimeout(() => {
      const timer = this.#timer;
      // Where this process itself was busy, what has arrived meanwhile is heard first.
      setImmediate(() => {
        if (timer === this.#timer) this.#late(seconds);
      });
    }, seconds * 1000);
  }

  /** Leaves at most so many seconds from now. */
  shorten(seconds: number): void {
    if (this.#at > Date.now() + seconds * 1000) this.set(seconds);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
