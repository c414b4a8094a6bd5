import { Moment } from '../variables/moment.ts';
import { Float, floatText, type Key, Long, Numeral } from '../variables/value.ts';
import { TemplateError } from './errors.ts';

export { float, type Key, Long, Numeral, whole } from '../variables/value.ts';

/** What expressions work on. Whole numbers and `Long` are Python's int, `Float` and numbers with a fraction its float. */
export type Value =
  | null
  | boolean
  | number
  | string
  | Numeral
  | Moment
  | Undefined
  | Omit
  | Callable
  | Dict
  | readonly Value[];

/** A value that is not there. Parts of it are not there either; any other use is an error that names it. */
export class Undefined {
  readonly #error: TemplateError;

  constructor(reason: string | TemplateError) {
    this.#error = typeof reason === 'string' ? new TemplateError(reason, true) : reason;
  }

  error(): TemplateError {
    return this.#error;
  }
}

/** What an `if` without `else` gives where it does not hold: empty in a text, in a test and in a loop, an error elsewhere. */
export class Blank extends Undefined {}

/** `omit`: leaves an item out of a list or a mapping. */
export class Omit {}

/** A function of a template: a macro, `range`, `lookup`. */
export class Callable {
  readonly name: string;
  readonly call: (args: readonly Value[], named: ReadonlyMap<string, Value>) => Value;

  constructor(name: string, call: Callable['call']) {
    this.name = name;
    this.call = call;
  }
}

/** A mapping whose values are worked out when they are read, in the order in which it was written. */
export class Dict {
  readonly #keys: ReadonlySet<Key>;
  readonly #read: (key: Key) => Value;

  constructor(keys: Iterable<Key>, read: (key: Key) => Value) {
    this.#keys = keys instanceof Set ? keys : new Set(keys);
    this.#read = read;
  }

  static of(entries: Iterable<readonly [Key, Value]>): Dict {
    const map = new Map(entries);
    return new Dict(map.keys(), (key) => map.get(key) ?? null);
  }

  get size(): number {
    return this.#keys.size;
  }

  has(key: Value): boolean {
    return this.#keys.has(keyOf(key));
  }

  get(key: Value): Value | undefined {
    const known = keyOf(key);
    return this.#keys.has(known) ? this.#read(known) : undefined;
  }

  keys(): readonly Key[] {
    return [...this.#keys];
  }

  entries(): readonly (readonly [Key, Value])[] {
    return this.keys().map((key) => [key, this.#read(key)] as const);
  }
}

/** `namespace()`: what a loop sets in it stays. */
export class Namespace extends Dict {
  readonly #values: Map<Key, Value>;

  constructor(entries: Iterable<readonly [Key, Value]>) {
    const values = new Map(entries);
    super([], () => null);
    this.#values = values;
  }

  override has(key: Value): boolean {
    return this.#values.has(keyOf(key));
  }

  override get(key: Value): Value | undefined {
    return this.#values.get(keyOf(key));
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value);
  }
}

export function keyOf(value: Value): Key {
  const used = defined(value);
  if (used instanceof Numeral) return used.value;
  if (used === null || typeof used !== 'object') return used;
  throw new TemplateError(`${kindOf(used)} cannot be the key of a mapping`);
}

/** The value; throws where there is none. */
export function defined<T extends Value>(value: T): Exclude<T, Undefined> {
  if (value instanceof Undefined) throw value.error();
  return value as Exclude<T, Undefined>;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** A number, whether int, float or bool; undefined for anything else. */
export function numberOf(value: Value): number | undefined {
  if (value instanceof Numeral) return value.value;
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'number' ? value : undefined;
}

/** A number that can count: int or bool; undefined for a float, as for anything else. */
export function intOf(value: Value): number | undefined {
  return isFloat(value) ? undefined : numberOf(value);
}

export function isFloat(value: Value): boolean {
  return value instanceof Float || (typeof value === 'number' && !Number.isInteger(value));
}

/** Python's name of a type. */
export function kindOf(value: Value): string {
  if (value === null) return 'NoneType';
  if (value instanceof Undefined) return 'UndefinedMarker';
  if (value instanceof Dict) return 'dict';
  if (isList(value)) return 'list';
  if (isFloat(value)) return 'float';
  if (value instanceof Long) return 'int';
  if (value instanceof Callable) return 'function';
  if (value instanceof Moment) return 'datetime';
  return { string: 'str', boolean: 'bool', number: 'int' }[typeof value as string] ?? 'object';
}

export function truthy(value: Value): boolean {
  if (value instanceof Blank) return false;
  const used = defined(value);
  if (isList(used)) return used.length > 0;
  if (used instanceof Dict) return used.size > 0;
  if (used instanceof Numeral) return used.value !== 0;
  return Boolean(used);
}

export function equal(one: Value, other: Value): boolean {
  if (one instanceof Blank || other instanceof Blank) return one === other;
  const [a, b] = [defined(one), defined(other)];
  if (a instanceof Long && b instanceof Long) return a.whole === b.whole;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x === y;
  if (isList(a) && isList(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i] ?? null));
  if (a instanceof Dict && b instanceof Dict)
    return (
      a.size === b.size && a.entries().every(([key, item]) => b.has(key) && equal(item, b.get(key) ?? null))
    );
  return a === b;
}

/** Negative, zero or positive; throws for what Python does not order. */
export function compare(one: Value, other: Value): number {
  const [a, b] = [defined(one), defined(other)];
  if (a instanceof Long && b instanceof Long) return Number(a.whole - b.whole);
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x - y;
  if (typeof a === 'string' && typeof b === 'string')
    return a === b ? 0 : [...a].join() < [...b].join() ? -1 : 1;
  if (isList(a) && isList(b)) {
    const differs = a.findIndex((item, i) => i >= b.length || !equal(item, b[i] ?? null));
    if (differs < 0) return a.length - b.length;
    return differs >= b.length ? 1 : compare(a[differs] ?? null, b[differs] ?? null);
  }
  throw new TemplateError(`${kindOf(a)} and ${kindOf(b)} have no order`);
}

export function contains(where: Value, what: Value): boolean {
  const used = defined(where);
  if (typeof used === 'string') {
    const part = defined(what);
    if (typeof part !== 'string') throw new TemplateError(`${kindOf(part)} cannot be in a text`);
    return used.includes(part);
  }
  if (used instanceof Dict) return used.has(what);
  return iterate(used).some((item) => equal(item, what));
}

/** The items of a list, the keys of a mapping, the characters of a text. */
export function iterate(value: Value): readonly Value[] {
  if (value instanceof Blank) return [];
  const used = defined(value);
  if (isList(used)) return used;
  if (used instanceof Dict) return used.keys();
  if (typeof used === 'string') return [...used];
  throw new TemplateError(`${kindOf(used)} cannot be iterated`);
}

/** Python's `str()`. */
export function textOf(value: Value): string {
  if (value instanceof Blank) return '';
  const used = defined(value);
  return typeof used === 'string' ? used : repr(used);
}

function repr(value: Value): string {
  const used = defined(value);
  if (used === null) return 'None';
  if (typeof used === 'boolean') return used ? 'True' : 'False';
  if (typeof used === 'string') return quoted(used);
  if (used instanceof Numeral || used instanceof Moment) return used.text;
  if (typeof used === 'number') return isFloat(used) ? floatText(used) : String(used);
  if (isList(used)) return `[${used.map(repr).join(', ')}]`;
  if (used instanceof Dict)
    return `{${used
      .entries()
      .map(([key, item]) => `${repr(key)}: ${repr(item)}`)
      .join(', ')}}`;
  return used instanceof Omit ? '<<Omit>>' : '<function>';
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll(/[\\\n\r\t]|[\x00-\x1f\x7f]/g, (char) => {
    return ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `${quote}${quote === "'" ? escaped.replaceAll("'", "\\'") : escaped}${quote}`;
}
