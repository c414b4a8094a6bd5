import { EXIT, formatPosition, type Position, QuorateError, QuorateErrors } from '../errors.ts';
import { maskCredentials, maskMessage } from '../secret-names.ts';

/**
 * Gathers everything that is wrong with an inventory, so that it is all told at once. What stands behind a name that
 * holds secrets is masked in every message, however the file was misread.
 */
export class Problems {
  readonly #errors: QuorateError[] = [];
  readonly #told = new Set<string>();

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
