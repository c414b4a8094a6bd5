import { randomBytes } from 'node:crypto';

/** A word that no output has by chance: it marks the lines that are ours. */
export function newNonce(): string {
  return `quorate-${randomBytes(12).toString('hex')}`;
}
