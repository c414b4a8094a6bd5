/** All that there are so far. */
const all: Lazy<unknown>[] = [];

/** Loads everything, for who builds roles at once and cannot begin anew. */
export async function loadAll(): Promise<void> {
  await Promise.all(all.map((one) => one.load()));
}

/** What is too slow to load where nobody uses it, and cannot be loaded in the middle of a list of tasks. */
export class Lazy<T> {
  readonly #load: () => Promise<T>;
  #loaded: T | undefined;

  constructor(load: () => Promise<T>) {
    this.#load = load;
    all.push(this);
  }

  /** Return the module. Throw `NotLoaded` while it is not loaded: `withLoaded` loads it and builds the roles again. */
  get now(): T {
    if (this.#loaded !== undefined) return this.#loaded;
    throw new NotLoaded(() => this.load());
  }

  async load(): Promise<void> {
    this.#loaded ??= await this.#load();
  }
}

export class NotLoaded extends Error {
  readonly load: () => Promise<void>;

  constructor(load: () => Promise<void>) {
    super('something is to be loaded first');
    this.load = load;
  }
}

/** Does work that may be begun anew, as often as it comes upon something that is to be loaded first. */
export async function withLoaded<T>(work: () => T): Promise<T> {
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof NotLoaded)) throw error;
      await error.load();
    }
  }
}
