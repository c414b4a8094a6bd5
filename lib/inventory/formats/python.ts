import { type Key, Numeral, numeral, type Raw, whole } from '../variables/value.ts';

/**
 * What `ast.literal_eval` makes of a value of an INI file: numbers, text in quotes, lists, tuples, mappings, True,
 * False, None. Anything else is text as it stands. Never runs anything.
 */
export function pythonValue(text: string): Raw {
  // Most values are plain words: nothing of Python starts with a letter but True, False, None and quotes' prefixes.
  if (!/^\s*([-+.\d'"([{]|True|False|None|set|[rRbBuU]{1,2}['"])/.test(text)) return text;
  const reader = new Reader(text);
  try {
    return reader.whole();
  } catch (error) {
    if (error instanceof NoLiteral) return text;
    throw error;
  }
}

class NoLiteral extends Error {}

const NUMBER =
  /(0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][-+]?\d+)?|\d(?:_?\d)*\.?(?:[eE][-+]?\d+)?)/y;

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Raw {
    const value = this.#value();
    const tail = this.#listAfter(value);
    this.#space();
    if (this.#at < this.#text.length) throw new NoLiteral();
    return tail;
  }

  /** `1, 2` without parentheses is a tuple. */
  #listAfter(first: Raw): Raw {
    if (!this.#take(',')) return first;
    const items = [first];
    this.#space();
    while (this.#at < this.#text.length) {
      items.push(this.#value());
      if (!this.#take(',')) break;
      this.#space();
    }
    return items;
  }

  #value(): Raw {
    this.#space();
    if (this.#depth > 100) throw new NoLiteral();
    const char = this.#text[this.#at] ?? '';
    if (char === '[') return this.#items(']').items;
    if (char === '{') return this.#braces();
    if (char === '(') return this.#parentheses();
    if (/[-+]/.test(char)) return this.#signed();
    if (/[\d.]/.test(char)) return this.#number('');
    const word = /[A-Za-z]+/y;
    word.lastIndex = this.#at;
    const name = word.exec(this.#text)?.[0];
    for (const [each, value] of WORDS) {
      if (name !== each) continue;
      this.#at += each.length;
      return value;
    }
    if (this.#text.startsWith('set()', this.#at)) {
      this.#at += 5;
      return [];
    }
    return this.#strings();
  }

  #items(end: string): { readonly items: Raw[]; readonly comma: boolean } {
    this.#at += 1;
    this.#depth += 1;
    const items: Raw[] = [];
    let comma = false;
    while (!this.#take(end)) {
      if (items.length > 0 && !comma) throw new NoLiteral();
      items.push(this.#value());
      comma = this.#take(',');
    }
    this.#depth -= 1;
    return { items, comma };
  }

  #parentheses(): Raw {
    const { items, comma } = this.#items(')');
    return items.length === 1 && !comma ? (items[0] as Raw) : items;
  }

  #braces(): Raw {
    this.#at += 1;
    this.#depth += 1;
    const entries: [Key, Raw][] = [];
    const items: Raw[] = [];
    let comma = true;
    while (!this.#take('}')) {
      if (!comma) throw new NoLiteral();
      const key = this.#value();
      // Python hashes keys and members of sets: what it cannot hash, as {{ 1 }}, is not a literal.
      if (typeof key === 'object' && key !== null && !(key instanceof Numeral)) throw new NoLiteral();
      const used = key instanceof Numeral ? key.text : key;
      if (this.#take(':')) entries.push([used, this.#value()]);
      else items.push(key);
      comma = this.#take(',');
    }
    if (entries.length > 0 && items.length > 0) throw new NoLiteral();
    this.#depth -= 1;
    return items.length > 0 ? items : new Map(entries);
  }

  #signed(): Raw {
    const sign = this.#text[this.#at] === '-' ? '-' : '';
    this.#at += 1;
    this.#space();
    return this.#number(sign);
  }

  #number(sign: '' | '-'): Raw {
    NUMBER.lastIndex = this.#at;
    const [found] = NUMBER.exec(this.#text) ?? [];
    if (found === undefined) throw new NoLiteral();
    const after = this.#text[this.#at + found.length] ?? '';
    // 010 and 1st are not numbers; a complex one stays text.
    if (/[\w.]/.test(after) || /^0[\d_]*[1-9]/.test(found.replace(/[.eE].*/, ''))) throw new NoLiteral();
    this.#at += found.length;
    const digits = found.replaceAll('_', '');
    if (!/^0[xob]/i.test(digits)) return numeral(`${sign}${digits}`);
    return whole(sign === '-' ? -BigInt(digits) : BigInt(digits));
  }

  /** Strings beside one another are one. */
  #strings(): string {
    let all: string | undefined;
    for (let one = this.#string(); one !== undefined; one = this.#string()) all = `${all ?? ''}${one}`;
    if (all === undefined) throw new NoLiteral();
    return all;
  }

  #string(): string | undefined {
    this.#space();
    const start = /([rRbBuU]{0,2})('''|"""|'|")/y;
    start.lastIndex = this.#at;
    const [whole, prefix = '', quote = ''] = start.exec(this.#text) ?? [];
    if (whole === undefined) return undefined;
    let text = '';
    let at = this.#at + whole.length;
    while (!this.#text.startsWith(quote, at)) {
      const char = this.#text[at];
      if (char === undefined || (char === '\n' && quote.length === 1)) throw new NoLiteral();
      if (char === '\\') {
        const isRaw = /r/i.test(prefix);
        const pattern = isRaw ? RAW_ESCAPE : ESCAPE;
        pattern.lastIndex = at;
        const found = pattern.exec(this.#text)?.[0] ?? '\\';
        text += isRaw ? found : unescaped(found);
        at += found.length;
      } else {
        text += char;
        at += 1;
      }
    }
    this.#at = at + quote.length;
    return text;
  }

  #take(text: string): boolean {
    this.#space();
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** Blanks, and a comment. */
  #space(): void {
    const space = /(?:[ \t\f\n]|#[^\n]*)*/y;
    space.lastIndex = this.#at;
    this.#at += space.exec(this.#text)?.[0].length ?? 0;
  }
}

const WORDS: readonly (readonly [string, Raw])[] = [
  ['True', true],
  ['False', false],
  ['None', null],
];

const RAW_ESCAPE = /\\./sy;
const ESCAPE = /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{1,3}|.)/sy;

const CONTROLS: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\n': '',
};

/** What an escape of Python stands for (`\n`, `\x41`); itself where it is none. */
export function unescaped(written: string): string {
  const code = written.slice(1);
  const point = /^[xuU][\da-fA-F]{2,}$/.test(code) ? Number.parseInt(code.slice(1), 16) : undefined;
  if (point !== undefined) return point > 0x10ffff ? written : String.fromCodePoint(point);
  if (/^[0-7]+$/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8));
  if (/^['"\\]$/.test(code)) return code;
  return Object.hasOwn(CONTROLS, code) ? (CONTROLS[code] as string) : written;
}
