import { TemplateError } from './errors.ts';
import { defined, intOf, isList, kindOf, type Value } from './values.ts';

/** Python's `[start:stop:step]`. */
export function slice(of: Value, [from, to, by = 1]: readonly (number | undefined)[]): Value {
  if (by === 0) throw new TemplateError('a slice has a step of 0');
  if (!isList(of) && typeof of !== 'string') throw new TemplateError(`${kindOf(of)} cannot be sliced`);
  const items: readonly Value[] = typeof of === 'string' ? [...of] : of;
  const size = items.length;
  const bound = (at: number | undefined, usual: number) =>
    at === undefined
      ? usual
      : Math.min(Math.max(at < 0 ? at + size : at, by > 0 ? 0 : -1), by > 0 ? size : size - 1);
  const [start, stop] = [bound(from, by > 0 ? 0 : size - 1), bound(to, by > 0 ? size : -1)];
  const taken: Value[] = [];
  for (let at = start; by > 0 ? at < stop : at > stop; at += by) taken.push(items[at] ?? null);
  return typeof of === 'string' ? taken.join('') : taken;
}

/** Where a slice begins or ends; undefined for one that is left open. */
export function bound(value: Value): number | undefined {
  const at = value === null ? undefined : intOf(defined(value));
  if (at === undefined && value !== null) throw new TemplateError(`${kindOf(value)} cannot bound a slice`);
  return at;
}
