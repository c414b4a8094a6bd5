import { EXIT, errorsOf, type Position, QuorateError, QuorateErrors } from '../../errors.ts';
import { nearName } from '../../near.ts';
import { shownValue } from '../../secret-names.ts';
import { Secret } from '../secret.ts';
import type { Sh } from '../shell/sh.ts';
import type { Task } from '../task.ts';
import { here, positionOf } from '../trace/position.ts';

/**
 * What an option may be, checked at run time: types are gone then, and many roles never meet a compiler. `Value` is the
 * type of the option, which the compiler compares with the one that it is declared with.
 */
export interface Shape<Value> {
  /** For a message: `text`, `a list of text`. */
  readonly wanted: string;
  /** What to write in place of `value`, where `wanted` does not say it. */
  hint?(value: unknown, name: string): string | undefined;
  holds(value: unknown): boolean;
  /** Never there: keeps `Value` the same in both directions. */
  readonly of?: (value: Value) => Value;
}

type NamesOf<Options> = Options extends unknown ? keyof Options & string : never;
type OptionOf<Options, Name> = Options extends unknown
  ? Name extends keyof Options
    ? Options[Name]
    : undefined
  : never;

/** A shape for each option, no more and no fewer, with `must` around those that have to be given. */
export type OptionTable<Options> = {
  readonly [Name in NamesOf<Options>]: undefined extends OptionOf<Options, Name>
    ? Shape<Exclude<OptionOf<Options, Name>, undefined>> & { readonly required?: never }
    : Shape<OptionOf<Options, Name>> & { readonly required: true };
};

/** Exactly one of these. */
export type OneOf<Ways> = {
  [Way in keyof Ways]: Pick<Ways, Way> & { readonly [Other in Exclude<keyof Ways, Way>]?: never };
}[keyof Ways];

/** A table as it is read: what its shapes are for does not matter then. */
export type AnyTable = Readonly<
  Record<
    string,
    Omit<Shape<never>, 'of'> & {
      readonly required?: boolean;
      /** It is required where `state` is not `absent`. */
      readonly unlessAbsent?: boolean;
      /** It belongs to one of these others. */
      readonly beside?: readonly string[];
      /** No message suggests it. */
      readonly untold?: boolean;
    }
  >
>;

function shape<Value>(
  wanted: string,
  holds: (value: unknown) => boolean,
  hint?: (value: unknown, name: string) => string | undefined,
): Shape<Value> {
  return { wanted, holds, ...(hint && { hint }) };
}

const isText = (value: unknown) => typeof value === 'string';
const isSh = (value: unknown) => has(value, 'text') && isText(value.text);
const isTask = (value: unknown): value is Task => has(value, 'resource') && has(value, 'diff');

/** Shapes of options. */
export const is = {
  text: shape<string>('text', isText, (value, name) =>
    /^(number|boolean)$/.test(typeof value) ? `quote it: ${name}: '${value}'` : undefined,
  ),
  number: shape<number>(
    'a number',
    (value) => typeof value === 'number',
    (value, name) =>
      isText(value) && /^\d+$/.test(`${value}`) ? `leave out the quotes: ${name}: ${value}` : undefined,
  ),
  count: (from = 0, to?: number): Shape<number> =>
    shape(
      `a whole number from ${from}${to === undefined ? '' : ` to ${to}`}`,
      (value) => Number.isSafeInteger(value) && Number(value) >= from && Number(value) <= (to ?? Infinity),
      (value, name) => is.number.hint?.(value, name),
    ),
  boolean: shape<boolean>(
    'true or false',
    (value) => typeof value === 'boolean',
    (_, name) => `compare: ${name}: a === b`,
  ),
  sh: shape<Sh>('shell', isSh, (value, name) =>
    isText(value) ? `write ${name}: sh\`${value}\`` : `write ${name}: sh\`…\``,
  ),
  secret: shape<Secret>(
    'a Secret',
    (value) => value instanceof Secret,
    () => 'write new Secret(…)',
  ),
  regexp: shape<RegExp>(
    'a regular expression',
    (value) => value instanceof RegExp,
    (value, name) => (isText(value) ? `write ${name}: /${`${value}`.replaceAll('/', '\\/')}/` : undefined),
  ),
  tasks: shape<readonly Task[]>(
    'a list of tasks',
    (value) => Array.isArray(value) && value.every(isTask),
    (value, name) =>
      isTask(value) ? `write ${name}: [ … ] around it` : `name tasks that were made before: ${name}: [conf]`,
  ),
  function: <Value extends (...args: never[]) => unknown>(): Shape<Value> =>
    shape('a function', (value) => typeof value === 'function'),
  any: <Value>(): Shape<Value> => shape('anything', () => true),
  /** For an option that a task has elsewhere. */
  none: (hint: string): Shape<never> =>
    shape(
      'nothing',
      () => false,
      () => hint,
    ),
  list: <Value>(each: Shape<Value>): Shape<readonly Value[]> =>
    shape(
      `a list of ${each.wanted}`,
      (value) => Array.isArray(value) && value.every((one) => each.holds(one)),
      (value, name) => (each.holds(value) ? `write ${name}: [ … ] around it` : undefined),
    ),
  map: <Value>(each: Shape<Value>): Shape<Readonly<Record<string, Value>>> =>
    shape(
      `an object whose values are ${each.wanted}`,
      (value) => isObject(value) && Object.values(value).every((one) => each.holds(one)),
    ),
  object: <Value extends object>(): Shape<Value> => shape('an object', isObject),
  one: <const Value extends string | number>(...words: readonly Value[]): Shape<Value> =>
    shape(
      words.map((word) => JSON.stringify(word)).join(' or '),
      (value) => (words as readonly unknown[]).includes(value),
      (value, name) => {
        const near = isText(value) ? nearName(`${value}`, words.map(String)) : undefined;
        if (near !== undefined) return `did you mean '${near}'?`;
        return words.length === 1 ? `write ${name}: '${words[0]}'` : undefined;
      },
    ),
  either: <One, Other>(one: Shape<One>, other: Shape<Other>): Shape<One | Other> =>
    shape(
      `${one.wanted} or ${other.wanted}`,
      (value) => one.holds(value) || other.holds(value),
      (value, name) => one.hint?.(value, name) ?? other.hint?.(value, name),
    ),
};

/** The same for an option that has to be given. */
export function must<Value>(one: Shape<Value>): Shape<Value> & { readonly required: true } {
  return { ...one, required: true };
}

/** The same for an option that has to be given unless `state` is `absent`. */
export function mustUnlessAbsent<Value>(one: Shape<Value>): Shape<Value> & { readonly unlessAbsent: true } {
  return { ...one, unlessAbsent: true };
}

/** The same for an option that belongs to one of these others, and says nothing without any. */
export function beside<Value>(
  one: Shape<Value>,
  ...names: readonly string[]
): Shape<Value> & { readonly beside: readonly string[] } {
  return { ...one, beside: names };
}

/** The same for an option that no message suggests. */
export function untold<Value>(one: Shape<Value>): Shape<Value> & { readonly untold: true } {
  return { ...one, untold: true };
}

/** Throws all of them at once. */
export function refuse(mistakes: readonly QuorateError[]): void {
  const [first, ...others] = mistakes;
  if (first !== undefined) throw others.length === 0 ? first : new QuorateErrors(mistakes);
}

/** Mistakes of the role that is being built: a role is built in one go, without a pause in which another one might be. */
let found: QuorateError[] | undefined;

/** Builds a role's list; throws all that is wrong with its tasks at once, exit code 1. */
export function collecting<T>(build: () => T): T {
  const [outer, mine] = [found, [] as QuorateError[]];
  found = mine;
  try {
    const built = build();
    refuse(mine);
    return built;
  } catch (error) {
    // What comes of a task that was not made is not a mistake of its own; what we say of another thing is.
    if (mine.length > 0 && error instanceof QuorateError && error !== mine[0])
      refuse([...mine, positioned(error)]);
    if (mine.length > 0 && !(error instanceof QuorateErrors)) refuse(mine);
    throw error;
  } finally {
    found = outer;
  }
}

/**
 * Makes a thing of a role once `judge` has nothing against it; what it throws is kept for `collecting`, where a role is
 * being built, with `stand` in its place. What `make` throws is thrown: a role may catch it.
 */
export function orCollected<T>(judge: () => void, make: () => T, stand: () => T): T {
  try {
    judge();
  } catch (error) {
    const isMistake = error instanceof QuorateErrors || error instanceof QuorateError;
    if (found === undefined || !isMistake || error.exitCode !== EXIT.usage) throw error;
    found.push(...errorsOf(error).map(positioned));
    return stand();
  }
  return make();
}

function positioned(error: QuorateError): QuorateError {
  return error.position ? error : usage(error.message, error.hint, positionOf(error));
}

/** A mistake in code of a user's, by default where that called us. */
export function usage(message: string, hint?: string, at?: Position): QuorateError {
  const position = at ?? here();
  return new QuorateError(message, {
    exitCode: EXIT.usage,
    ...(hint !== undefined && { hint }),
    ...(position && { position }),
  });
}

/** What was found, in words: `the text "x"`. */
export function said(name: string, value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (value === null || typeof value !== 'object') return shownValue(name, value) ?? String(value);
  if (value instanceof Secret) return 'a Secret';
  if (value instanceof RegExp) return `the regular expression ${value}`;
  if (value instanceof Promise) return 'a Promise';
  if (isTask(value)) return `the task "${value.title}"`;
  if (Array.isArray(value)) return 'a list';
  return isSh(value) ? 'shell' : 'an object';
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function has<Name extends string>(value: unknown, name: Name): value is Record<Name, unknown> {
  return typeof value === 'object' && value !== null && name in value;
}
