import type { Position } from '../../errors.ts';
import { Moment } from './moment.ts';

/** Text that `ansible-vault` encrypted: `!vault` in YAML, `{"__ansible_vault": …}` in JSON. */
export class Vaulted {
  /** From `$ANSIBLE_VAULT;` on, as it is written. */
  readonly armoured: string;
  readonly position: Position | undefined;

  constructor(armoured: string, position: Position | undefined) {
    this.armoured = armoured;
    this.position = position;
  }
}

/** Text that is never templated, whatever is in it: `!unsafe` in YAML, `{"__ansible_unsafe": …}` in JSON. */
export class Unsafe {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A number that JavaScript's own would change: 1.0 to 1, and whole numbers beyond 2^53 to others. */
export abstract class Numeral {
  /** As near as JavaScript comes to it. */
  abstract readonly value: number;
  /** As Python writes it. */
  abstract readonly text: string;

  toJSON(): number {
    return this.value;
  }

  toString(): string {
    return this.text;
  }
}

/** A float without a fraction. */
export class Float extends Numeral {
  readonly value: number;

  constructor(value: number) {
    super();
    this.value = value;
  }

  get text(): string {
    return floatText(this.value);
  }
}

/** A whole number beyond 2^53. */
export class Long extends Numeral {
  readonly whole: bigint;

  constructor(whole: bigint) {
    super();
    this.whole = whole;
  }

  get value(): number {
    return Number(this.whole);
  }

  get text(): string {
    return String(this.whole);
  }
}

/** A number that Python has as a float. */
export function float(value: number): number | Float {
  return Number.isInteger(value) ? new Float(value) : value;
}

/** A number that Python has as an int. */
export function whole(value: bigint): number | Long {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : new Long(value);
}

/** A number in the spelling that Python, JSON and YAML share, without `_`. */
export function numeral(text: string): number | Numeral {
  return /^[-+]?\d+$/.test(text) ? whole(BigInt(text.replace('+', ''))) : float(Number(text));
}

/** Python's `repr` of a float. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return String(value).toLowerCase().replace('infinity', 'inf');
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-4 || size >= 1e16) ? value.toExponential() : String(value);
  const padded = text.replace(/e([+-])(\d)$/, 'e$10$2');
  return /[.e]/.test(padded) ? padded : `${padded}.0`;
}

/** Of a mapping: 100 and '100' are two of them. */
export type Key = null | boolean | number | string;

/** As JSON has it, and JavaScript: `true`, `null`, `100`. */
export function keyText(key: Key): string {
  return String(key);
}

/** A value as it is written, mappings in the order in which they are: nothing is templated, nothing decrypted. */
export type Raw =
  | null
  | boolean
  | number
  | Numeral
  | Moment
  | string
  | Vaulted
  | Unsafe
  | readonly Raw[]
  | ReadonlyMap<Key, Raw>;

/** A variable as it is written, and where. */
export interface Variable {
  readonly name: string;
  readonly value: Raw;
  /** Position of its name; undefined for `-e K=V`. */
  readonly position: Position | undefined;
  /** Directory that relative paths in it start from; undefined for the current one. */
  readonly folder: string | undefined;
  /** For a number, true or false: how it is spelt: 3.10 is 3.1, no is false. */
  readonly written?: string;
  /** It stands in a file that `ansible-vault` encrypted. */
  readonly secret?: true;
}

/** One scalar, though it is an object to JavaScript. */
export function isKept(value: unknown): value is Numeral | Moment {
  return value instanceof Numeral || value instanceof Moment;
}

/** A value as `ansible-inventory` lists it: templates and vaults as they are written, what `isKept` as it is. */
export function listedValue(raw: Raw): unknown {
  if (raw instanceof Vaulted) return { __ansible_vault: raw.armoured };
  if (raw instanceof Unsafe) return { __ansible_unsafe: raw.text };
  if (isRawMapping(raw)) return mapped(raw, listedValue);
  return isRawList(raw) ? raw.map(listedValue) : raw;
}

/** The value as it is written, unless something in it is to be evaluated. */
export function plainValue(raw: Raw): { readonly value: unknown } | undefined {
  const value = plain(raw);
  return value === EVALUATED ? undefined : { value };
}

const EVALUATED = Symbol('to be evaluated');

function plain(raw: Raw): unknown {
  if (typeof raw === 'string') return hasTemplate(raw) ? EVALUATED : raw;
  if (typeof raw !== 'object' || raw === null) return raw;
  if (raw instanceof Unsafe) return raw.text;
  if (raw instanceof Vaulted) return EVALUATED;
  if (raw instanceof Numeral) return raw.value;
  if (raw instanceof Moment) return raw.toJSON();
  const all = isRawMapping(raw) ? mapped(raw, plain) : isRawList(raw) ? raw.map(plain) : {};
  return Object.values(all).includes(EVALUATED) ? EVALUATED : all;
}

function mapped(raw: ReadonlyMap<Key, Raw>, value: (one: Raw) => unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...raw].map(([key, one]) => [keyText(key), value(one)]));
}

export function isRawMapping(raw: Raw): raw is ReadonlyMap<Key, Raw> {
  return raw instanceof Map;
}

export function isRawList(raw: Raw): raw is readonly Raw[] {
  return Array.isArray(raw);
}

/** The values within a list or a mapping; none in anything else. */
export function partsOf(raw: Raw): readonly Raw[] {
  if (isRawMapping(raw)) return [...raw.values()];
  return isRawList(raw) ? raw : [];
}

/** Jinja's marks. */
export function hasTemplate(text: string): boolean {
  return /\{[{%#]/.test(text);
}
