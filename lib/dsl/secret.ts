import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

const known = new Set<string>();

/**
 * A value that must not be shown. Its string form is redacted, so a slip into a message, a diff or JSON
 * prints the mask; `reveal` is the one way to the value. Compared by digest.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    for (const part of value.split('\n')) if (part.trim().length >= 6) known.add(part);
  }

  reveal(): string {
    return this.#value;
  }

  /** First 12 hex digits of the SHA-256: enough to tell two values apart in a diff. */
  get digest(): string {
    return `sha256:${createHash('sha256').update(this.#value).digest('hex').slice(0, 12)}`;
  }

  toString(): string {
    return '********';
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** The redaction sink: everything that leaves the process for a screen, a log or a report passes here. */
export function redact(text: string): string {
  let clean = text;
  for (const value of known) if (clean.includes(value)) clean = clean.replaceAll(value, '********');
  return clean;
}
