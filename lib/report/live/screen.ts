import { stripVTControlCharacters } from 'node:util';
import { displayWidth } from '../text.ts';

const CLEAR_BELOW = '\x1b[J';
const CLEAR_REST_OF_LINE = '\x1b[K';

/**
 * A block of lines at the bottom of a terminal that is drawn over in place: each change is one piece of
 * text that overwrites and then clears what is left, so nothing flickers.
 */
export class Screen {
  readonly #terminal: { readonly columns?: number };
  #widths: readonly number[] = [];
  #columns = 0;

  /** `terminal` is asked for its width at every change. */
  constructor(terminal: { readonly columns?: number }) {
    this.#terminal = terminal;
  }

  /** What to write so that `stay` is printed for good where the block was, and the new block below it. */
  draw(stay: readonly string[], block: readonly string[]): string {
    const columns = Math.max(1, this.#terminal.columns ?? 80);
    const up = this.#up(columns);
    // Lines that stay may be as wide as the terminal: clearing after one would take its last character.
    // After a resize a line drawn over a wrapped one would still count as wrapped.
    const clear = stay.length > 0 || columns !== this.#columns ? CLEAR_BELOW : '';
    this.#columns = columns;
    this.#widths = block.map((line) => displayWidth(stripVTControlCharacters(line)));
    const above = stay.map((line) => `${line}\n`).join('');
    const below = block.map((line) => `${line}${CLEAR_REST_OF_LINE}\n`).join('');
    return `${up}${clear}${above}${below}${CLEAR_BELOW}`;
  }

  /** To the block's first line; a terminal made narrower has wrapped its lines since. */
  #up(columns: number): string {
    const height = this.#widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return height > 0 ? `\r\x1b[${height}A` : '\r';
  }
}
