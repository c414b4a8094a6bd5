import { createHash, randomBytes, type ScryptOptions, scrypt } from 'node:crypto';
import { holdsSecret } from '../../dsl/secret.ts';
import type { Salted } from './format.ts';

/** 32 MiB and some 100 ms a guess; one digest a secret that differs, so hosts that share it cost once. */
const COST = { cost: 2 ** 15, blockSize: 8, parallelization: 1 };

const BYTES = 32;

/**
 * Digests of one plan. What holds a secret is hashed by scrypt with the plan's own salt: a bare digest would let guesses
 * be tested. Everything else by SHA-256.
 */
export class Digests {
  readonly how: Salted;
  readonly #made = new Map<string, Promise<string>>();

  constructor(how: Salted = { salt: randomBytes(16).toString('base64'), ...COST }) {
    this.how = how;
  }

  of(text: string, hasSecret: boolean): Promise<string> {
    return hasSecret || holdsSecret(text) ? this.#slow(text) : Promise.resolve(fast(text));
  }

  /** The text is the one that such a digest was made of. */
  async match(digest: string, text: string): Promise<boolean> {
    return digest === (digest.startsWith('scrypt:') ? await this.#slow(text) : fast(text));
  }

  #slow(text: string): Promise<string> {
    const known = this.#made.get(text);
    if (known) return known;
    const { salt, cost, blockSize, parallelization } = this.how;
    const options: ScryptOptions = { cost, blockSize, parallelization, maxmem: 256 * cost * blockSize };
    const made = new Promise<string>((resolve, reject) => {
      scrypt(text, Buffer.from(salt, 'base64'), BYTES, options, (error, key) =>
        error ? reject(error) : resolve(`scrypt:${key.toString('hex')}`),
      );
    });
    this.#made.set(text, made);
    return made;
  }
}

function fast(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
