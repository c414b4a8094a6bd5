import type { SentContent } from '../../dsl/source/source.ts';

/** What was made before, elsewhere, and must not be made again. */
interface Lost {
  /** The text that a host has is of it. */
  isIn(text: string): boolean;
  error(): Error;
  /** Why nobody can tell yet whether there is one. */
  unseen(): Error | undefined;
}

/** Content that only a run can know, because `produce` makes it (on control, never in a check). */
export class LaterContent {
  value: string | undefined;
  readonly produce: () => Promise<string>;
  readonly #lost: Lost | undefined;

  constructor(produce: () => Promise<string>, lost?: Lost) {
    this.produce = produce;
    this.#lost = lost;
  }

  /** Throws where the text that a host has is an earlier one of these, and this would be another. */
  requireNoneIn(text: string): void {
    if (this.#lost?.isIn(text)) this.requireFirst();
  }

  /** Throws where it is to be made, and hosts that nobody has looked at may have an earlier one. */
  requireAllSeen(): void {
    const unseen = this.value === undefined ? this.#lost?.unseen() : undefined;
    if (unseen) throw unseen;
  }

  /** Throws where this would be another than that which hosts go by. */
  requireFirst(): void {
    if (this.value === undefined && this.#lost) throw this.#lost.error();
  }
}

/** A file that only a run makes on control, where `produce` says; its digest may be known before. */
export class LaterFile {
  sha256: string | undefined;
  readonly produce: () => Promise<SentContent>;

  constructor(produce: () => Promise<SentContent>, sha256?: string) {
    this.produce = produce;
    this.sha256 = sha256;
  }

  /** Gives its path. */
  async make(): Promise<string> {
    const { source, sha256 } = await this.produce();
    this.sha256 = sha256;
    return source;
  }
}
