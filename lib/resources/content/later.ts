import type { SentContent } from '../../dsl/source/source.ts';

/**
 * Content that only a run can know, because `produce` makes it (on control, never in a check). `lost` says why a
 * certificate that a host has must not be replaced by what would be made.
 */
export class LaterContent {
  value: string | undefined;
  readonly produce: () => Promise<string>;
  readonly #lost: (() => Error) | undefined;

  constructor(produce: () => Promise<string>, lost?: () => Error) {
    this.produce = produce;
    this.#lost = lost;
  }

  /** Throws where a host has a certificate, and this would be another. */
  requireFirst(certificate: string): void {
    if (this.value === undefined && this.#lost && certificate.includes('BEGIN CERTIFICATE'))
      throw this.#lost();
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
