import { createHash } from 'node:crypto';
import { TemplateError } from '../errors.ts';
import { callMethod, splitText } from '../methods.ts';
import { bind, plugin, table } from '../plugin.ts';
import { groupIn, groupNamed, regex, replacement } from '../regex.ts';
import { Dict, defined, float, isFloat, Long, numberOf, textOf, type Value, whole } from '../values.ts';
import { fixed, formatPercent } from './format.ts';

/** Filters of texts and numbers. */
export const TEXT_FILTERS = table({
  ...Object.fromEntries(
    ['upper', 'lower', 'capitalize'].map((name) => [
      name,
      plugin('', (value) => callMethod(textOf(value), name, [])),
    ]),
  ),
  'string safe': plugin('', (value) => textOf(value)),
  // Jinja's, which begins words elsewhere than Python's method does.
  title: plugin('', (value) =>
    textOf(value).replaceAll(
      /([-\s({[<]+)|([^-\s({[<])([^-\s({[<]*)/g,
      (_, between = '', first = '', rest = '') => between + first.toUpperCase() + rest.toLowerCase(),
    ),
  ),
  float: plugin('default', (value, given) => {
    const text = textOf(numberOf(value) ?? value).trim();
    const isFloat = /^[-+]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[-+]?\d+)?$/i.test(text);
    return isFloat ? float(Number(text.replaceAll('_', ''))) : (given.get('default') ?? float(0));
  }),
  int: plugin(
    'default base',
    (value, given) =>
      wholeNumber(value, numberOf(given.get('base') ?? 10) ?? 10) ?? given.get('default') ?? 0,
  ),
  bool: plugin('', (value) => /^(true|yes|on|1|y|t)$/i.test(textOf(numberOf(value) ?? value))),
  abs: plugin('', (value) =>
    value instanceof Long
      ? whole(value.whole < 0n ? -value.whole : value.whole)
      : same(value, Math.abs(number(value))),
  ),
  round: plugin('precision method', (value, given) => {
    const precision = given.int('precision', 0);
    const scale = 10 ** precision;
    const ways = {
      floor: (all: number) => Math.floor(all * scale) / scale,
      ceil: (all: number) => Math.ceil(all * scale) / scale,
      common: (all: number) => rounded(all, precision),
    };
    const method = given.text('method') ?? 'common';
    const by = Object.hasOwn(ways, method) ? ways[method as keyof typeof ways] : undefined;
    if (by === undefined) throw new TemplateError('round() knows common, ceil and floor');
    const found = by(number(value));
    return by === ways.common && !isFloat(value) ? found : float(found);
  }),
  pow: plugin('y', (value, given) => float(number(value) ** number(given.get('y') ?? 1))),
  root: plugin('base', (value, given) => float(number(value) ** (1 / number(given.get('base') ?? 2)))),
  log: plugin('base', (value, given) => float(logarithm(number(value), number(given.get('base') ?? Math.E)))),
  trim: plugin('chars', (value, given) => callMethod(textOf(value), 'strip', chars(given.text('chars')))),
  replace: plugin('old new count', (value, given) =>
    callMethod(textOf(value), 'replace', [
      textOf(given.need('old')),
      textOf(given.need('new')),
      given.get('count') ?? -1,
    ]),
  ),
  split: plugin('sep maxsplit', (value, given) =>
    splitText(textOf(value), given.text('sep'), given.int('maxsplit', -1)),
  ),
  center: plugin('width', (value, given) => callMethod(textOf(value), 'center', [given.get('width') ?? 80])),
  indent: plugin('width first blank', (value, given) => {
    const by = given.indent('width', 4);
    const lines = textOf(value).split('\n');
    return lines
      .map((line, i) =>
        (i > 0 || given.flag('first')) && (line !== '' || given.flag('blank')) ? by + line : line,
      )
      .join('\n');
  }),
  wordcount: plugin('', (value) => textOf(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
  'e escape forceescape': plugin('', (value) =>
    textOf(value).replaceAll(
      /[&<>'"]/g,
      (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&#39;', '"': '&#34;' })[char] ?? char,
    ),
  ),
  quote: plugin('', (value) => {
    const text = textOf(value);
    return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
  }),
  format: (value, args, named) => formatPercent(textOf(value), named.size > 0 ? Dict.of(named) : args),
  regex_replace: plugin('pattern replacement ignorecase multiline count mandatory_count', (value, given) => {
    let left = given.int('count', 0) || Number.POSITIVE_INFINITY;
    const by = textOf(given.get('replacement') ?? '');
    const groups = (match: unknown[]) => {
      const last = match.at(-1);
      const named = typeof last === 'object' && last !== null ? (last as Record<string, string>) : undefined;
      const plain = match.slice(0, named ? -3 : -2) as string[];
      return Object.assign(plain, { groups: named }) as RegExpMatchArray;
    };
    return textOf(value).replaceAll(
      regex(textOf(given.get('pattern') ?? ''), given, 'g'),
      (...match: unknown[]) => (left-- > 0 ? replacement(by, groups(match)) : String(match[0])),
    );
  }),
  regex_search: (value, args, options) => {
    const [pattern = '', ...named] = args;
    const groups = named.map((group) => groupNamed(textOf(group)));
    const found = regex(textOf(pattern), bind('ignorecase multiline', [], options)).exec(textOf(value));
    if (found === null) return null;
    return groups.length === 0 ? found[0] : groups.map((group) => groupIn(found, group) ?? null);
  },
  regex_findall: plugin('pattern multiline ignorecase', (value, given) =>
    [...textOf(value).matchAll(regex(textOf(given.get('pattern') ?? ''), given, 'g'))].map(
      ([whole, ...groups]) => {
        if (groups.length === 0) return whole;
        return groups.length === 1 ? (groups[0] ?? '') : groups.map((group) => group ?? '');
      },
    ),
  ),
  regex_escape: plugin('re_type', (value) => textOf(value).replaceAll(/[\\^$.|?*+()[\]{}&~#\s-]/g, '\\$&')),
  b64encode: plugin('encoding urlsafe', (value, given) => {
    const text = Buffer.from(textOf(value)).toString('base64');
    return given.flag('urlsafe') ? text.replaceAll('+', '-').replaceAll('/', '_') : text;
  }),
  b64decode: plugin('encoding urlsafe', (value, given) => {
    const text = textOf(value);
    return unpacked(given.flag('urlsafe') ? text.replaceAll('-', '+').replaceAll('_', '/') : text);
  }),
  hash: plugin('hashtype', (value, given) => digest(given.text('hashtype') ?? 'sha1', textOf(value))),
  to_uuid: plugin('namespace', (value, given) => {
    const space = (given.text('namespace') ?? ANSIBLE).replaceAll('-', '');
    if (!/^[\da-f]{32}$/i.test(space)) throw new TemplateError('to_uuid() wants a UUID as namespace');
    const bytes = createHash('sha1').update(Buffer.from(space, 'hex')).update(textOf(value)).digest();
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }),
  md5: plugin('', (value) => digest('md5', textOf(value))),
  'sha1 checksum': plugin('', (value) => digest('sha1', textOf(value))),
});

/** The namespace of UUIDs that Ansible makes. */
const ANSIBLE = '361e6d51-faec-444a-9079-341386da8e2e';

function digest(kind: string, text: string): string {
  if (!/^(md5|sha1|sha224|sha256|sha384|sha512)$/.test(kind))
    throw new TemplateError(`the hash "${kind}" is not known here`);
  return createHash(kind).update(text).digest('hex');
}

/** Out of base64, of which all is passed over that is not part of it. */
function unpacked(text: string): string {
  const [, data = '', padding = ''] = /^([^=]*)(=*)/.exec(text.replaceAll(/[^\w+/=]|_/g, '')) ?? [];
  const missing = (4 - (data.length % 4)) % 4;
  if (missing > Math.min(padding.length, 2))
    throw new TemplateError('b64decode() got what is not padded to its end');
  return Buffer.from(data, 'base64').toString();
}

function number(value: Value): number {
  const found = numberOf(defined(value));
  if (found === undefined) throw new TemplateError('a number is wanted');
  return found;
}

function same(like: Value, value: number): Value {
  return typeof like === 'number' ? value : float(value);
}

function chars(given: string | undefined): readonly Value[] {
  return given === undefined ? [] : [given];
}

function wholeNumber(value: Value, base: number): Value | undefined {
  if (value instanceof Long) return value;
  const known = numberOf(value);
  if (known !== undefined) return Math.trunc(known);
  const text = textOf(value).trim().replaceAll('_', '');
  const digits = base === 10 ? text : text.replace(/^([-+]?)0[xXoObB]/, '$1');
  const valid =
    base === 10
      ? /^[-+]?\d+$/
      : base === 16
        ? /^[-+]?[\da-f]+$/i
        : base === 8
          ? /^[-+]?[0-7]+$/
          : /^[-+]?[\da-z]+$/i;
  if (base === 10 && valid.test(digits)) return whole(BigInt(digits.replace('+', '')));
  const found = valid.test(digits)
    ? Number.parseInt(digits, base)
    : base === 10
      ? Math.trunc(Number(text || Number.NaN))
      : Number.NaN;
  return Number.isNaN(found) ? undefined : found;
}

/** As Python's: what the number is, not what it is written as, decides; a tie goes to the even digit. */
function rounded(value: number, precision: number): number {
  if (precision >= 0) return Number(fixed(value, precision));
  const scale = 10 ** -precision;
  if (scale === Number.POSITIVE_INFINITY) return 0;
  return Number(fixed(value / scale, 0)) * scale;
}

function logarithm(value: number, base: number): number {
  if (base === 2) return Math.log2(value);
  return base === 10 ? Math.log10(value) : Math.log(value) / Math.log(base);
}
