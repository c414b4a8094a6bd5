import { maskCredentials } from '../../credentials.ts';
import { EXIT, formatPosition, type Position, QuorateError, QuorateErrors } from '../../errors.ts';
import { maskMessage } from '../../secret-texts.ts';

/**
 * Gathers everything that is wrong with an inventory, so that it is all told at once. What stands after a name that
 * holds secrets is masked in every message, however the file was misread.
 */
export class Problems {
  readonly #errors: QuorateError[] = [];
  readonly #told = new Set<string>();
  readonly #notes = new Map<string, readonly [message: string, position: Position | undefined]>();

  /** How many there are so far. */
  get count(): number {
    return this.#errors.length;
  }

  /** What a person should know, and what is not an error. */
  get notes(): readonly string[] {
    return [...this.#notes.keys()];
  }

  /** All of them, in the order in which they were found. */
  get errors(): readonly QuorateError[] {
    return this.#errors;
  }

  note(message: string, position?: Position): void {
    const text = maskMessage(position ? `${formatPosition(position)}: ${message}` : message);
    this.#notes.set(text, [message, position]);
  }

  /** Where nothing came of it all, what was passed over may be what is wrong. */
  notesAreErrors(): void {
    for (const [message, position] of this.#notes.values()) this.add(message, position);
  }

  /** What has the same `key` is one problem, seen again: a group's variable with each of its hosts. */
  add(message: string, position?: Position, hint?: string, key = message): void {
    const once = `${position ? formatPosition(position) : ''} ${key}`;
    if (this.#told.has(once)) return;
    this.#told.add(once);
    this.#errors.push(
      new QuorateError(maskMessage(message), {
        exitCode: EXIT.usage,
        ...(position !== undefined && { position }),
        ...(hint !== undefined && { hint: maskCredentials(hint) }),
      }),
    );
  }

  /** An error that was made elsewhere; the same one is told once. */
  addError(error: QuorateError): void {
    const once = `${error.position ? formatPosition(error.position) : ''} ${error.message}`;
    if (this.#told.has(once)) return;
    this.#told.add(once);
    this.#errors.push(error);
  }

  /** Takes over what another one noted, and not what it found wrong. */
  addNotes(other: Problems): void {
    for (const [text, note] of other.#notes) this.#notes.set(text, note);
  }

  /** Takes over what another one gathered. */
  addAll(other: Problems): void {
    for (const error of other.#errors) this.#errors.push(error);
    for (const once of other.#told) this.#told.add(once);
    this.addNotes(other);
  }

  /** Throws what was gathered, in the order of the files; does nothing when all is well. */
  throwIfAny(): void {
    if (this.#errors.length === 0) return;
    const place = ({ position }: QuorateError) => position ?? { file: '', line: 0, column: 0 };
    const sorted = [...this.#errors].sort((a, b) => {
      const [one, other] = [place(a), place(b)];
      return one.file.localeCompare(other.file) || one.line - other.line || one.column - other.column;
    });
    throw new QuorateErrors(sorted);
  }
}
