import { TemplateError } from './errors.ts';
import { formatBraces } from './filters/format.ts';
import { LARGEST } from './operators.ts';
import {
  Callable,
  Dict,
  equal,
  intOf,
  isList,
  iterate,
  type Key,
  kindOf,
  Namespace,
  textOf,
  Undefined,
  type Value,
} from './values.ts';

export type Method = (args: readonly Value[], named: ReadonlyMap<string, Value>) => Value;

/** A method of Python's that changes nothing; undefined where the value has none of that name. */
export function methodOf(value: Value, name: string): Method | undefined {
  if (typeof value === 'string') return bound(TEXT, name, value);
  if (isList(value)) return bound(LIST, name, value);
  return value instanceof Dict ? bound(DICT, name, value) : undefined;
}

export function callMethod(text: string, name: string, args: readonly Value[]): Value {
  const method = TEXT.get(name);
  if (method === undefined) throw new TemplateError(`text has no method "${name}"`);
  return method(text, args, new Map());
}

type Of<T> = ReadonlyMap<string, (of: T, args: readonly Value[], named: ReadonlyMap<string, Value>) => Value>;

function bound<T>(methods: Of<T>, name: string, of: T): Method | undefined {
  const method = methods.get(name);
  return method && ((args, named) => method(of, args, named));
}

const TEXT: Of<string> = new Map(
  Object.entries({
    upper: (of) => of.toUpperCase(),
    lower: (of) => of.toLowerCase(),
    title: (of) => of.toLowerCase().replaceAll(/\p{L}+/gu, (word) => word[0]?.toUpperCase() + word.slice(1)),
    capitalize: (of) => of.slice(0, 1).toUpperCase() + of.slice(1).toLowerCase(),
    swapcase: (of) =>
      [...of].map((char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase())).join(''),
    strip: (of, [set]) => strip(of, set, true, true),
    lstrip: (of, [set]) => strip(of, set, true, false),
    rstrip: (of, [set]) => strip(of, set, false, true),
    split: (of, [by, times], named) =>
      splitText(of, by ?? named.get('sep'), limit(times ?? named.get('maxsplit'))),
    rsplit: (of, [by, times], named) =>
      splitEnd(of, by ?? named.get('sep'), limit(times ?? named.get('maxsplit'))),
    splitlines: (of) =>
      of
        .replace(/\r?\n$/, '')
        .split(/\r?\n/)
        .filter((line, _, all) => all.length > 1 || line !== ''),
    partition: (of, [by = '']) => parted(of, text(by), of.indexOf(text(by))) ?? [of, '', ''],
    rpartition: (of, [by = '']) => parted(of, text(by), of.lastIndexOf(text(by))) ?? ['', '', of],
    replace: (of, [old = '', by = '', times]) => replaced(of, text(old), text(by), limit(times)),
    removeprefix: (of, [start = '']) => (of.startsWith(text(start)) ? of.slice(text(start).length) : of),
    removesuffix: (of, [end = '']) =>
      text(end) !== '' && of.endsWith(text(end)) ? of.slice(0, -text(end).length) : of,
    startswith: (of, [start = '']) => some(start, (one) => of.startsWith(one)),
    endswith: (of, [end = '']) => some(end, (one) => of.endsWith(one)),
    find: (of, [what = '']) => of.indexOf(text(what)),
    rfind: (of, [what = '']) => of.lastIndexOf(text(what)),
    index: (of, [what = '']) => found(of.indexOf(text(what))),
    count: (of, [what = '']) =>
      (what === '' ? [...of].length : of.split(text(what)).length - 1) + Number(what === ''),
    join: (of, [items = []]) => iterate(items).map(text).join(of),
    zfill: (of, [width]) =>
      of.replace(
        /^([-+]?)([\s\S]*)$/,
        (_, sign: string, rest: string) => sign + rest.padStart(size(width) - sign.length, '0'),
      ),
    ljust: (of, [width, fill = ' ']) => of.padEnd(size(width), char(fill)),
    rjust: (of, [width, fill = ' ']) => of.padStart(size(width), char(fill)),
    center: (of, [width, fill = ' ']) => centred(of, size(width), char(fill)),
    isdigit: (of) => /^\d+$/.test(of),
    isnumeric: (of) => /^\p{N}+$/u.test(of),
    isalpha: (of) => /^\p{L}+$/u.test(of),
    isalnum: (of) => /^[\p{L}\p{N}]+$/u.test(of),
    isspace: (of) => /^\s+$/.test(of),
    isupper: (of) => of !== of.toLowerCase() && of === of.toUpperCase(),
    islower: (of) => of !== of.toUpperCase() && of === of.toLowerCase(),
    format: (of, args, named) => formatBraces(of, args, named),
  } satisfies Record<
    string,
    (of: string, args: readonly Value[], named: ReadonlyMap<string, Value>) => Value
  >),
);

const LIST: Of<readonly Value[]> = new Map(
  Object.entries({
    index: (of, [what = null]) => found(of.findIndex((item) => equal(item, what))),
    count: (of, [what = null]) => of.filter((item) => equal(item, what)).length,
    copy: (of) => [...of],
  } satisfies Record<string, (of: readonly Value[], args: readonly Value[]) => Value>),
);

const DICT: Of<Dict> = new Map(
  Object.entries({
    get: (of, [key = null, usual = null], named) => of.get(key) ?? named.get('default') ?? usual,
    keys: (of) => of.keys(),
    values: (of) => of.entries().map(([, value]) => value),
    items: (of) => of.entries(),
    copy: (of) => of,
  } satisfies Record<string, (of: Dict, args: readonly Value[], named: ReadonlyMap<string, Value>) => Value>),
);

/** What every template may call. */
export const FUNCTIONS: ReadonlyMap<string, Callable> = new Map(
  [
    new Callable('range', (args) => range(args.map(size))),
    new Callable('namespace', (_, named) => new Namespace(named)),
    new Callable('undef', ([hint]) => new Undefined(hint ? textOf(hint) : 'a value is to be set here')),
    new Callable('joiner', ([by = ', ']) => joiner(textOf(by))),
    new Callable('dict', ([pairs = []], named) => Dict.of([...dictEntries(pairs), ...named])),
  ].map((one) => [one.name, one]),
);

/** Nothing the first time, then what stands between two. */
function joiner(by: string): Callable {
  let used = false;
  return new Callable('joiner', () => {
    const text = used ? by : '';
    used = true;
    return text;
  });
}

function dictEntries(pairs: Value): readonly (readonly [Key, Value])[] {
  if (pairs instanceof Dict) return pairs.entries();
  return iterate(pairs).map((pair) => {
    const [key = null, value = null] = iterate(pair);
    return [typeof key === 'object' ? textOf(key) : key, value] as const;
  });
}

function range(bounds: readonly number[]): readonly number[] {
  const [start = 0, stop = 0, step = 1] = bounds.length === 1 ? [0, ...bounds] : bounds;
  const length = step === 0 ? Number.POSITIVE_INFINITY : Math.max(0, Math.ceil((stop - start) / step));
  if (length > LARGEST) throw new TemplateError('range() has too many numbers');
  return Array.from({ length }, (_, at) => start + at * step);
}

function text(value: Value): string {
  if (typeof value === 'string') return value;
  throw new TemplateError(`a text is wanted, and ${kindOf(value)} is there`);
}

function char(value: Value): string {
  if ([...text(value)].length === 1) return text(value);
  throw new TemplateError('one character is wanted to fill with');
}

function size(value: Value | undefined): number {
  const number = intOf(value ?? 0);
  if (number === undefined || number > LARGEST)
    throw new TemplateError('a whole number is wanted that is not too large');
  return number;
}

function limit(times: Value | undefined): number {
  return times === undefined ? -1 : size(times);
}

function some(parts: Value, test: (part: string) => boolean): boolean {
  return (isList(parts) ? parts : [parts]).some((part) => test(text(part)));
}

function found(at: number): number {
  if (at < 0) throw new TemplateError('index() does not find what it looks for');
  return at;
}

function strip(of: string, set: Value | undefined, start: boolean, end: boolean): string {
  const chars = set === undefined || set === null ? undefined : text(set);
  const inSet = (char: string | undefined) =>
    char !== undefined && (chars === undefined ? /\s/.test(char) : chars.includes(char));
  let [from, to] = [0, of.length];
  while (start && from < to && inSet(of[from])) from++;
  while (end && to > from && inSet(of[to - 1])) to--;
  return of.slice(from, to);
}

/** Python's split: without a separator by white space, at most `times` times. */
export function splitText(of: string, separator: Value | undefined, times: number): readonly string[] {
  const parts: string[] = [];
  let rest = separator === undefined || separator === null ? of.trimStart() : of;
  const by = separator === undefined || separator === null ? /\s+/ : text(separator);
  if (by === '') throw new TemplateError('split() wants a separator');
  while (times < 0 || parts.length < times) {
    const at = typeof by === 'string' ? rest.indexOf(by) : rest.search(by);
    if (at < 0) break;
    parts.push(rest.slice(0, at));
    rest = typeof by === 'string' ? rest.slice(at + by.length) : rest.slice(at).trimStart();
  }
  return typeof by !== 'string' && rest === '' ? parts : [...parts, rest];
}

function splitEnd(of: string, separator: Value | undefined, times: number): readonly string[] {
  const turned = (one: string) => [...one].reverse().join('');
  const by = separator === undefined || separator === null ? separator : turned(text(separator));
  return splitText(turned(of), by, times).map(turned).reverse();
}

function parted(of: string, by: string, at: number): readonly string[] | undefined {
  if (by === '') throw new TemplateError('partition() wants a separator');
  return at < 0 ? undefined : [of.slice(0, at), by, of.slice(at + by.length)];
}

function replaced(of: string, old: string, by: string, times: number): string {
  let left = times < 0 ? Number.POSITIVE_INFINITY : times;
  return of.replaceAll(old === '' ? /(?:)/gu : old, (found) => (left-- > 0 ? by : found));
}

function centred(of: string, width: number, fill: string): string {
  const missing = Math.max(0, width - of.length);
  return fill.repeat(Math.floor(missing / 2)) + of + fill.repeat(Math.ceil(missing / 2));
}
