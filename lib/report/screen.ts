import { stripVTControlCharacters } from 'node:util';
import { displayWidth } from './text.ts';

/**
 * A block of lines at the bottom of a terminal that is drawn over in place: each change is one piece of
 * text that overwrites and then clears what is left, so nothing flickers.
 */
export class Screen {
  readonly #terminal: { readonly columns?: number };
  #widths: readonly number[] = [];

  /** `terminal` is asked for its width at every change. */
  constructor(terminal: { readonly columns?: number }) {
    this.#terminal = terminal;
  }

  /** What to write so that `stay` is printed for good where the block was, and the new block below it. */
  draw(stay: readonly string[], block: readonly string[]): string {
    // Lines that stay may be as wide as the terminal: clearing after one would take its last character.
    const above = stay.length > 0 ? `\x1b[J${stay.map((line) => `${line}\n`).join('')}` : '';
    const text = `${this.#up()}${above}${block.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`;
    this.#widths = block.map((line) => displayWidth(stripVTControlCharacters(line)));
    return text;
  }

  /** To the block's first line; a terminal made narrower has wrapped its lines since. */
  #up(): string {
    const columns = Math.max(1, this.#terminal.columns ?? 80);
    const height = this.#widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return height > 0 ? `\r\x1b[${height}A` : '\r';
  }
}
