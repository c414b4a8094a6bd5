/**
 * The same YAML with the lines inside quotes and brackets pushed to the right: PyYAML does not care where they start,
 * our parser does. No line is added, and what the text means stays.
 */
export function indented(text: string): string {
  const scan = new Scan();
  return text
    .split('\n')
    .map((line) => scan.line(line))
    .join('\n');
}

const PUSH = ' '.repeat(80);

class Scan {
  /** The quote that is open. */
  #quote: '"' | "'" | undefined;
  /** Brackets that are open. */
  #depth = 0;
  /** Indentation of the key whose block of text this is. */
  #block: number | undefined;

  line(line: string): string {
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    if (this.#quote === undefined && this.#depth === 0) {
      if (this.#block !== undefined && (line.trim() === '' || indent > this.#block)) return line;
      this.#block = undefined;
      this.#walk(line, indent);
      return line;
    }
    const inside = line.trim() !== '';
    this.#walk(line, indent);
    return inside ? `${PUSH}${line}` : line;
  }

  #walk(line: string, indent: number): void {
    // A value can start here, so a quote or bracket opens one; elsewhere it is a character of plain text.
    let starts = true;
    for (let i = 0; i < line.length; i += 1) {
      const char = line[i] as string;
      if (this.#quote !== undefined) {
        i = this.#closing(line, i);
        starts = false;
      } else if (char === '#' && (i === 0 || /\s/.test(line[i - 1] as string))) return;
      else if (/\s/.test(char)) continue;
      else if (starts && (char === '"' || char === "'")) this.#quote = char;
      else if (starts && this.#depth === 0 && /^[|>][-+\d]*\s*(#.*)?$/.test(line.slice(i))) {
        this.#block = indent;
        return;
      } else starts = this.#mark(line, i, starts);
    }
  }

  /** Looks at a character outside quotes; whether a value can start after it. */
  #mark(line: string, i: number, starts: boolean): boolean {
    const char = line[i] as string;
    const alone = /^(\s|$)/.test(line.slice(i + 1));
    if ((starts || this.#depth > 0) && (char === '[' || char === '{')) {
      this.#depth += 1;
      return true;
    }
    if (this.#depth > 0 && (char === ']' || char === '}')) {
      this.#depth -= 1;
      return false;
    }
    if (this.#depth > 0 && (char === ',' || char === ':')) return true;
    if (char === ':' && alone) return true;
    if (starts && (char === '-' || char === '?') && alone) return true;
    // A tag or an anchor stands before its value.
    if (starts && (char === '!' || char === '&')) return true;
    return starts && /[!&]\S*$/.test(line.slice(0, i + 1)) && /[\w.!-]/.test(char);
  }

  /** Where the open quote is closed in this line, or its end. */
  #closing(line: string, from: number): number {
    const quote = this.#quote as string;
    for (let i = from; i < line.length; i += 1) {
      if (quote === '"' && line[i] === '\\') i += 1;
      else if (line[i] === quote) {
        if (quote === "'" && line[i + 1] === "'") i += 1;
        else {
          this.#quote = undefined;
          return i;
        }
      }
    }
    return line.length;
  }
}
