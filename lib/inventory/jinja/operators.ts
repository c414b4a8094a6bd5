import { TemplateError } from './errors.ts';
import { formatPercent } from './filters/format.ts';
import {
  compare,
  contains,
  Dict,
  defined,
  equal,
  float,
  intOf,
  isFloat,
  isList,
  kindOf,
  Long,
  numberOf,
  textOf,
  type Value,
  whole,
} from './values.ts';

/** `left OPERATOR right`, as Python does it; `and` and `or` are not among them. */
export function binary(operator: string, left: Value, right: Value): Value {
  if (operator === '~') return textOf(left) + textOf(right);
  const [a, b] = [defined(left), defined(right)];
  if (operator === '%' && typeof a === 'string')
    return formatPercent(a, isList(b) || b instanceof Dict ? b : [b]);
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) {
    const isFloating = isFloat(a) || isFloat(b) || operator === '/' || (operator === '**' && y < 0);
    const result = arithmetic(operator, x, y, isFloating);
    const isExact = isFloating || [x, y, result].every((one) => Number.isSafeInteger(one));
    return isExact ? result : whole(exactly(operator, bigOf(a, x), bigOf(b, y)));
  }
  if (operator === '+' && typeof a === 'string' && typeof b === 'string') return a + b;
  if (operator === '+' && isList(a) && isList(b)) return [...a, ...b];
  if (operator === '*') {
    const repeated = y === undefined ? repeat(b, intOf(a)) : repeat(a, intOf(b));
    if (repeated !== undefined) return repeated;
  }
  throw new TemplateError(`"${operator}" does not go with ${kindOf(a)} and ${kindOf(b)}`);
}

/** Neither a text nor a list may become larger than this by one operation. */
export const LARGEST = 1_000_000;

function repeat(what: Value, times: number | undefined): Value | undefined {
  if (times === undefined || !(typeof what === 'string' || isList(what))) return undefined;
  if (what.length * times > LARGEST) throw new TemplateError('"*" makes too much');
  const count = what.length === 0 ? 0 : Math.max(0, times);
  return typeof what === 'string' ? what.repeat(count) : Array.from({ length: count }, () => what).flat();
}

function arithmetic(operator: string, x: number, y: number, floats: boolean): Value {
  if (y === 0 && ['/', '//', '%'].includes(operator)) throw new TemplateError('division by zero');
  if (operator === '/') return float(x / y);
  const result = {
    '+': x + y,
    '-': x - y,
    '*': x * y,
    '//': Math.floor(x / y),
    '%': x - y * Math.floor(x / y),
    '**': x ** y,
  }[operator];
  if (result === undefined) throw new TemplateError(`"${operator}" is not an operator`);
  return floats ? float(result) : result;
}

function bigOf(value: Value, near: number): bigint {
  return value instanceof Long ? value.whole : BigInt(near);
}

/** The same of whole numbers beyond what JavaScript's own hold. */
function exactly(operator: string, x: bigint, y: bigint): bigint {
  if (operator === '+') return x + y;
  if (operator === '-') return x - y;
  if (operator === '*') return x * y;
  if (operator === '**') {
    if (y > 10_000n) throw new TemplateError('"**" makes too much');
    return x ** y;
  }
  const rest = ((x % y) + y) % y;
  return operator === '%' ? rest : (x - rest) / y;
}

/** A comparison, or a look for what is in something. */
export function compares(operator: string, left: Value, right: Value): boolean {
  if (operator === '==') return equal(left, right);
  if (operator === '!=') return !equal(left, right);
  if (operator === 'in') return defined(left) !== undefined && contains(right, left);
  if (operator === 'not in') return !compares('in', left, right);
  const order = compare(left, right);
  return { '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator] ?? false;
}
