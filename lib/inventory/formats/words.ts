/**
 * Splits a line into words as Python's `shlex.split(line, comments=True)`: quotes hold words together and go away, a
 * backslash takes the next character as it is, `#` starts a comment also inside a word. undefined: a quote is open.
 */
export function words(line: string): readonly string[] | undefined {
  const found: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < line.length; i += 1) {
    const char = line[i] as string;
    if (' \t\r\n'.includes(char)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else if (char === '#') break;
    else if (char === '\\') {
      i += 1;
      if (i >= line.length) return undefined;
      word = `${word ?? ''}${line[i]}`;
    } else if (char === "'" || char === '"') {
      const quoted = inQuotes(line, i);
      if (quoted === undefined) return undefined;
      word = `${word ?? ''}${quoted.text}`;
      i = quoted.end;
    } else word = `${word ?? ''}${char}`;
  }
  return word === undefined ? found : [...found, word];
}

function inQuotes(line: string, start: number): { readonly text: string; readonly end: number } | undefined {
  const quote = line[start];
  let text = '';
  for (let i = start + 1; i < line.length; i += 1) {
    const char = line[i] as string;
    if (char === quote) return { text, end: i };
    // Between double quotes a backslash escapes a quote and itself, nothing else.
    const escapes = quote === '"' && char === '\\' && /["\\]/.test(line[i + 1] ?? '');
    if (escapes) i += 1;
    text += line[i];
  }
  return undefined;
}
