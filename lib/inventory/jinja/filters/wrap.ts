/** Words as Python's `textwrap` has them: white space, words, and parts of words that end in a hyphen. */
const WORDS =
  /\s+|(?<=[\w!"'&.,?])-{2,}(?=\w)|\S+?(?:-(?:(?<=[^\d\W]{2}-)|(?<=[^\d\W]-[\w!"'&.,?]-))(?=[^\d\W]-?[^\d\W])|(?=\s|$)|(?<=[\w!"'&.,?])(?=-{2,}\w))/g;

interface Style {
  readonly width: number;
  /** Words that are longer than a line are broken. */
  readonly long: boolean;
  /** Words may be parted after their hyphens. */
  readonly hyphens: boolean;
}

/**
 * A line as several that are no wider, as Python's `textwrap.wrap` does it.
 *
 * @example wrapped('the quick brown fox', { width: 10, long: true, hyphens: true }) // ['the quick', 'brown fox']
 */
export function wrapped(line: string, { width, long, hyphens }: Style): readonly string[] {
  const words = [...(line.match(hyphens ? WORDS : /\s+|\S+/g) ?? [])];
  const lines: string[] = [];
  while (words.length > 0) {
    if (lines.length > 0 && words[0]?.trim() === '') words.shift();
    let text = '';
    while (words[0] !== undefined && text.length + words[0].length <= width) text += words.shift();
    const [word] = words;
    if (word !== undefined && word.length > width) {
      const left = Math.max(width - text.length, 1);
      const hyphen = hyphens ? word.lastIndexOf('-', left - 1) : -1;
      const end = hyphen > 0 && /[^-]/.test(word.slice(0, hyphen)) ? hyphen + 1 : left;
      if (long) {
        text += word.slice(0, end);
        words[0] = word.slice(end);
      } else if (text === '') text = words.shift() ?? '';
    }
    if (text.trimEnd() !== '') lines.push(text.trimEnd());
  }
  return lines;
}
