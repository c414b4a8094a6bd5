import { TemplateError } from '../errors.ts';
import { Dict, float, isList, Long, numberOf, textOf, type Value } from '../values.ts';

/** Python's `%` on a text: `'%s-%03d' % ('a', 5)`. */
export function formatPercent(pattern: string, values: Dict | readonly Value[]): string {
  let at = 0;
  return pattern.replaceAll(
    /%(?:\((?<key>[^)]*)\))?(?<flags>[-+ 0#]*)(?<width>\d*)(?:\.(?<precision>\d+))?(?<kind>.)/gs,
    (...match) => {
      const { key, flags = '', width = '', precision, kind = '' } = match.at(-1) as Record<string, string>;
      if (kind === '%') return '%';
      const value =
        key === undefined ? isList(values) && values[at++] : values instanceof Dict && values.get(key);
      if (value === false || value === undefined)
        throw new TemplateError('"%" has too few values for its text');
      const spec = {
        sign: flags.includes('+') ? '+' : '',
        zero: flags.includes('0'),
        width: Number(width),
        precision,
        kind,
      };
      return pad(body(value, spec), flags.includes('-') ? '<' : '>', spec);
    },
  );
}

/** Python's `str.format`: `'{}:{port:05d}'.format(host, port=80)`. */
export function formatBraces(
  pattern: string,
  args: readonly Value[],
  named: ReadonlyMap<string, Value>,
): string {
  let at = 0;
  return pattern.replaceAll(
    /\{\{|\}\}|\{(?<field>[^{}:!]*)(?::(?<spec>[^{}]*))?\}/g,
    (whole, field: string | undefined, spec = '') => {
      if (field === undefined) return whole[0] ?? '';
      const [name = '', ...path] = field.split(/[.[]/).map((part) => part.replace(/\]$/, ''));
      let value = /^\d*$/.test(name) ? args[name === '' ? at++ : Number(name)] : named.get(name);
      for (const key of path) value = value instanceof Dict ? value.get(key) : undefined;
      if (value === undefined) throw new TemplateError('format() has too few values for its text');
      const { align, sign = '', zero, width = '', precision, kind } = SPEC.exec(spec)?.groups ?? {};
      const numeric = numberOf(value) !== undefined && typeof value !== 'boolean';
      const parts = {
        sign,
        zero: zero !== undefined,
        width: Number(width),
        precision,
        kind: kind ?? (numeric && precision ? 'g' : 's'),
      };
      return pad(body(value, parts), align ?? (numeric ? '>' : '<'), parts);
    },
  );
}

/** A number with this many digits after the point; of two that are as near the even one, as in Python. */
export function fixed(number: number, digits: number): string {
  if (digits > 100) throw new TemplateError('at most 100 digits can be shown');
  const more = Math.min(100 - digits, 60);
  const exact = Math.abs(number).toFixed(digits + more);
  const [kept, rest] = [exact.slice(0, -more), exact.slice(-more)];
  const isTieToEven = /^50*$/.test(rest) && /[02468]\.?$/.test(kept);
  return isTieToEven ? `${number < 0 ? '-' : ''}${kept.replace(/\.$/, '')}` : number.toFixed(digits);
}

const SPEC =
  /^(?<align>[<>^])?(?<sign>[-+ ])?(?<zero>0)?(?<width>\d*)(?:\.(?<precision>\d+))?(?<kind>[a-zA-Z%])?$/;

interface Spec {
  readonly sign: string;
  readonly zero: boolean;
  readonly width: number;
  readonly precision: string | undefined;
  readonly kind: string;
}

function body(value: Value, { sign, precision, kind }: Spec): string {
  if (kind === 's' || kind === 'r')
    return textOf(value).slice(0, precision === undefined ? undefined : Number(precision));
  const number = numberOf(value);
  if (number === undefined) throw new TemplateError(`"%${kind}" wants a number`);
  const whole = value instanceof Long ? value.whole : Math.trunc(number);
  const size = {
    d: () => String(whole),
    i: () => String(whole),
    u: () => String(whole),
    x: () => whole.toString(16),
    X: () => whole.toString(16).toUpperCase(),
    o: () => whole.toString(8),
    b: () => whole.toString(2),
    f: () => fixed(number, Number(precision ?? 6)),
    F: () => fixed(number, Number(precision ?? 6)),
    g: () => String(Number(number.toPrecision(Number(precision ?? 6) || 1))),
    e: () => textOf(float(Number(number.toExponential(Number(precision ?? 6))))),
    c: () => String.fromCodePoint(Number(whole)),
  }[kind];
  if (size === undefined) throw new TemplateError(`"%${kind}" is not supported`);
  return number >= 0 && sign !== '' && sign !== '-' ? `${sign}${size()}` : size();
}

function pad(text: string, align: string, { zero, width, kind }: Spec): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (align === '<') return text + ' '.repeat(missing);
  if (align === '^') return ' '.repeat(Math.floor(missing / 2)) + text + ' '.repeat(Math.ceil(missing / 2));
  if (!zero || kind === 's') return ' '.repeat(missing) + text;
  const [, sign = '', rest = ''] = /^([-+]?)([\s\S]*)$/.exec(text) ?? [];
  return sign + '0'.repeat(missing) + rest;
}
