/** A time limit that is set anew as things go on. */
export class Deadline {
  readonly #late: (seconds: number, isStill: () => boolean) => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Number.POSITIVE_INFINITY;

  /** `late` hears once how many seconds were waited in vain, and may ask later whether that still holds. */
  constructor(late: (seconds: number, isStill: () => boolean) => void) {
    this.#late = late;
  }

  /** Count anew; without a number, not at all. */
  set(seconds: number | undefined): void {
    this.clear();
    if (seconds === undefined || !Number.isFinite(seconds)) {
      this.#at = Number.POSITIVE_INFINITY;
      return;
    }
    this.#at = Date.now() + seconds * 1000;
    const timer = setTimeout(() => {
      const isStill = () => this.#timer === timer;
      // Where this process itself was busy, what has arrived meanwhile is heard first.
      setImmediate(() => {
        if (isStill()) this.#late(seconds, isStill);
      });
    }, seconds * 1000);
    this.#timer = timer;
  }

  /** Leave at most this many seconds from now. */
  shorten(seconds: number): void {
    if (this.#at > Date.now() + seconds * 1000) this.set(seconds);
  }

  /** End it: nothing is late any more, and there is nothing to shorten. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#at = 0;
  }
}
