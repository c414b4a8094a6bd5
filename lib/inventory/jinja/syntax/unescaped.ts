import { TemplateError } from '../errors.ts';

/** What a string says with its escapes read as Python does (`unicode-escape`); one that is none stands for itself. */
export function unescaped(text: string): string {
  return text.replace(ESCAPE, (whole, ...found) => {
    const { char, octal, hex } = found.at(-1) as Readonly<Record<string, string | undefined>>;
    if (char !== undefined) return CHARS[char] ?? char;
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
    const code = Number.parseInt(hex?.slice(1) ?? '', 16);
    if (code <= 0x10ffff) return String.fromCodePoint(code);
    throw new TemplateError(`the escape "${whole}" is not understood`);
  });
}

const ESCAPE =
  /\\(?:(?<char>[\n\\'"abfnrtv])|(?<octal>[0-7]{1,3})|(?<hex>x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8})|[xuUN])/g;

const CHARS: Readonly<Record<string, string>> = {
  '\n': '',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
