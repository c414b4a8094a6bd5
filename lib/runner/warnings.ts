/**
 * Warnings of a play. Those of one look at all hosts are held until it ends, and told once where they differ only in
 * whom they are about; all others are told at once.
 *
 * @example
 * await warnings.together(() => strategy.verify(run)); // a, b: its CA ends in 20 days
 */
export class Warnings {
  readonly #tell: (message: string) => void;
  #held: string[] | undefined;

  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  add(message: string): void {
    if (this.#held) this.#held.push(message);
    else this.#tell(message);
  }

  async together(look: () => Promise<void> | undefined): Promise<void> {
    const held: string[] = [];
    this.#held = held;
    try {
      await look();
    } finally {
      this.#held = undefined;
      for (const message of foldAlike(held)) this.#tell(message);
    }
  }
}

/** `a: x` and `b: x` are `a, b: x`, where the first stood. */
export function foldAlike(messages: readonly string[]): readonly string[] {
  const alike = new Map<string, Set<string>>();
  for (const message of messages) {
    const [, subjects = '', rest = message] = /^([\w.-]+(?:, [\w.-]+)*)(: .*)$/s.exec(message) ?? [];
    const known = alike.get(rest) ?? new Set();
    for (const one of subjects.split(', ')) known.add(one);
    alike.set(rest, known);
  }
  return [...alike].map(([rest, subjects]) => `${[...subjects].join(', ')}${rest}`);
}
