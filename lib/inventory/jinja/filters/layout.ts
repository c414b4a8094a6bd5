import { TemplateError } from '../errors.ts';
import { type Given, plugin, table } from '../plugin.ts';
import { numberOf, textOf } from '../values.ts';
import { fixed } from './format.ts';
import { wrapped } from './wrap.ts';

/** Filters that lay texts out for people, and sizes. */
export const LAYOUT_FILTERS = table({
  truncate: plugin('length killwords end leeway', (value, given) => {
    const [text, end] = [[...textOf(value)], [...textOf(given.get('end') ?? '...')]];
    const length = given.int('length', 255);
    if (length < end.length) throw new TemplateError(`truncate() wants a length of ${end.length} or more`);
    if (text.length <= length + given.int('leeway', 5)) return text.join('');
    const kept = text.slice(0, length - end.length).join('');
    return `${given.flag('killwords') ? kept : kept.replace(/ [^ ]*$/, '')}${end.join('')}`;
  }),
  wordwrap: plugin('width break_long_words wrapstring break_on_hyphens', (value, given) => {
    const by = given.text('wrapstring') ?? '\n';
    const style = {
      width: given.int('width', 79),
      long: given.get('break_long_words') !== false,
      hyphens: given.get('break_on_hyphens') !== false,
    };
    if (style.width < 1) throw new TemplateError('wordwrap() wants a width of 1 or more');
    const lines = textOf(value)
      .replace(/\r?\n$/, '')
      .split(/\r?\n/);
    return lines.map((line) => wrapped(line, style).join(by)).join(by);
  }),
  comment: plugin(
    'style decoration newline beginning end prefix prefix_count postfix postfix_count',
    (value, given) => comment(textOf(value), given),
  ),
  filesizeformat: plugin('binary', (value, given) => {
    const [size, binary] = [Number(textOf(numberOf(value) ?? value)), given.flag('binary')];
    if (Number.isNaN(size)) throw new TemplateError('filesizeformat() wants a number');
    const base = binary ? 1024 : 1000;
    if (size === 1) return '1 Byte';
    if (size < base) return `${Math.trunc(size)} Bytes`;
    const power = Math.min([...Array(7).keys()].filter((at) => size >= base ** (at + 2)).length, 7);
    return `${fixed(size / base ** (power + 1), 1)} ${binary ? 'KMGTPEZY'[power] : 'kMGTPEZY'[power]}${binary ? 'iB' : 'B'}`;
  }),
  human_readable: plugin('isbits unit', (value, given) => {
    const size = numberOf(value);
    if (size === undefined) throw new TemplateError('human_readable() wants a number');
    const unit = given.text('unit')?.toUpperCase();
    const fits = (at: number) => (unit === undefined ? size >= 1024 ** at : UNITS[at] === unit);
    const at = Math.max(0, [8, 7, 6, 5, 4, 3, 2, 1].find(fits) ?? 0);
    const name = given.flag('isbits') ? 'bits' : 'Bytes';
    return `${fixed(size / 1024 ** at, 2)} ${at === 0 ? name : `${UNITS[at]}${name[0]}`}`;
  }),
  human_to_bytes: plugin('default_unit isbits', (value, given) => {
    const [, number, written] = /^(\d*\.?\d+)(?:\s*([A-Za-z]+))?\s*$/.exec(textOf(value)) ?? [];
    const unit = written ?? given.text('default_unit') ?? 'B';
    const at = UNITS.indexOf(unit[0]?.toUpperCase() ?? '');
    const [sign, name] = given.flag('isbits') ? ['b', 'bit'] : ['B', 'byte'];
    const isKnown =
      unit.length === 1 || unit.slice(1) === sign || unit.toLowerCase() === `${NAMES[at]}${name}`;
    if (number === undefined || at < 0 || !isKnown)
      throw new TemplateError('human_to_bytes() got what is not a size, as 10M or 1.5 GB are');
    return Number(fixed(Number(number) * 1024 ** at, 0));
  }),
});

const UNITS = 'BKMGTPEZY';
const NAMES = ['', 'kilo', 'mega', 'giga', 'tera', 'peta', 'exa', 'zetta', 'yotta'];

/** What stands before a line, and what before and after all of them. */
const STYLES: Readonly<Record<string, readonly [decoration: string, beginning?: string, end?: string]>> = {
  plain: ['# '],
  erlang: ['% '],
  c: ['// '],
  cblock: [' * ', '/*', ' */'],
  xml: [' - ', '<!--', '-->'],
};

function comment(text: string, given: Given): string {
  const name = given.text('style') ?? 'plain';
  if (!Object.hasOwn(STYLES, name)) throw new TemplateError(`comment() knows no style "${name}"`);
  const [usual, first = '', last = ''] = STYLES[name] ?? [''];
  const line = given.text('newline') ?? '\n';
  const decoration = given.text('decoration') ?? usual;
  const beginning = given.text('beginning') ?? first;
  const end = given.text('end') ?? last;
  const prefix = given.text('prefix') ?? decoration.trimEnd();
  const postfix = given.text('postfix') ?? decoration.trimEnd();
  const body = `${decoration}${text.replaceAll(line, `${line}${decoration}`)}`;
  return [
    beginning && `${beginning}${line}`,
    prefix && `${prefix === line ? '' : prefix}${line}`.repeat(Math.max(0, given.int('prefix_count', 1))),
    body.replaceAll(`${decoration}${line}`, `${decoration.trimEnd()}${line}`),
    `${line}${postfix}`.repeat(Math.max(0, given.int('postfix_count', 1))),
    end && `${line}${end}`,
  ].join('');
}
