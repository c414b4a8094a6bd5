/**
 * The keyword of a line of ssh_config and what follows it, without white space around; undefined for a line that says
 * nothing. Between the two stand blanks and at most one `=`.
 */
export function splitLine(line: string): { readonly keyword: string; readonly rest: string } | undefined {
  const text = line.replace(/[ \t\r\n\f]+$/, '').replace(/^[ \t\r\n]+/, '');
  if (text === '' || text.startsWith('#')) return undefined;
  const { word, rest } = nextWord(text);
  return { keyword: (word ?? text).toLowerCase(), rest: (rest ?? '').replace(/^[ \t\r\n]+/, '') };
}

/**
 * The next word of a text as OpenSSH's strdelim takes it: up to a blank or `=`, double quotes around blanks. `word` is
 * undefined where a quote is not closed, `rest` where nothing is left.
 *
 * @example nextWord('host "a b" user=x') // { word: 'host', rest: '"a b" user=x' }
 */
export function nextWord(text: string): {
  readonly word: string | undefined;
  readonly rest: string | undefined;
} {
  const at = text.search(/[ \t\r\n"=]/);
  if (at < 0) return { word: text, rest: undefined };
  const before = text.slice(0, at);
  const after = text.slice(at + 1);
  if (text[at] === '"') {
    const end = after.indexOf('"');
    if (end < 0) return { word: undefined, rest: undefined };
    return { word: before + after.slice(0, end), rest: after.slice(end + 1).replace(/^[ \t\r\n]+/, '') };
  }
  const rest = after.replace(/^[ \t\r\n]+/, '');
  return { word: before, rest: text[at] === '=' ? rest : rest.replace(/^=[ \t\r\n]*/, '') };
}

/**
 * The words of a value as OpenSSH's argv_split takes them: quotes of both kinds, a backslash before a quote, a backslash
 * or (outside of quotes) a blank, and no more from a word on that begins with `#`. Undefined where a quote is not closed.
 */
export function wordsOf(text: string): readonly string[] | undefined {
  const words: string[] = [];
  for (let i = 0; i < text.length; i += 1) {
    if (/[ \t]/.test(text[i] as string)) continue;
    if (text[i] === '#') break;
    let word = '';
    let quote = '';
    for (; i < text.length; i += 1) {
      const letter = text[i] as string;
      const next = text[i + 1] ?? '';
      if (letter === '\\' && next !== '' && (/['"\\]/.test(next) || (quote === '' && next === ' '))) {
        word += next;
        i += 1;
      } else if (quote === '' && /[ \t]/.test(letter)) break;
      else if (quote === '' && /['"]/.test(letter)) quote = letter;
      else if (letter === quote) quote = '';
      else word += letter;
    }
    if (quote !== '') return undefined;
    words.push(word);
  }
  return words;
}
