import type { Position } from '../errors.ts';

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

/** A value as it is written: nothing is templated, nothing decrypted. */
export type Raw =
  | null
  | boolean
  | number
  | string
  | Vaulted
  | Unsafe
  | readonly Raw[]
  | { readonly [key: string]: Raw };

/** A variable as it is written, and where. */
export interface Variable {
  readonly name: string;
  readonly value: Raw;
  /** Of its name; undefined for `-e K=V`. */
  readonly position: Position | undefined;
  /** Directory that relative paths in it start from; undefined for the current one. */
  readonly folder: string | undefined;
  /** Of a number, or of true and false, how it is spelt: 3.10 is 3.1, no is false. */
  readonly written?: string;
  /** It stands in a file that `ansible-vault` encrypted. */
  readonly secret?: true;
}

/** A value as `ansible-inventory` lists it in JSON: templates and vaults as they are written. */
export function listedValue(raw: Raw): unknown {
  if (raw instanceof Vaulted) return { __ansible_vault: raw.armoured };
  if (raw instanceof Unsafe) return { __ansible_unsafe: raw.text };
  if (Array.isArray(raw)) return raw.map(listedValue);
  if (typeof raw !== 'object' || raw === null) return raw;
  return Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, listedValue(value as Raw)]));
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
  const values = Object.entries(raw).map(([key, one]) => [key, plain(one as Raw)] as const);
  if (values.some(([, value]) => value === EVALUATED)) return EVALUATED;
  return Array.isArray(raw) ? values.map(([, value]) => value) : Object.fromEntries(values);
}

/** Jinja's marks. */
export function hasTemplate(text: string): boolean {
  return /\{[{%#]/.test(text);
}
