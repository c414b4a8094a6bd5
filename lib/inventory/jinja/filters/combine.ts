import { TemplateError } from '../errors.ts';
import type { Given } from '../plugin.ts';
import { Dict, equal, isList, type Key, Omit, type Value } from '../values.ts';

/** Later keys win; `recursive` and `list_merge` as in Ansible. */
export function combined(one: Dict, other: Dict, given: Given): Dict {
  const merge = given.text('list_merge') ?? 'replace';
  const result = new Map<Key, Value>(one.entries());
  for (const [key, value] of other.entries()) {
    const old = result.get(key);
    if (value instanceof Omit) continue;
    if (given.flag('recursive') && old instanceof Dict && value instanceof Dict)
      result.set(key, combined(old, value, given));
    else if (old !== undefined && isList(old) && isList(value))
      result.set(key, mergedList(old, value, merge));
    else result.set(key, value);
  }
  return Dict.of(result);
}

function mergedList(old: readonly Value[], added: readonly Value[], how: string): readonly Value[] {
  if (how === 'replace') return added;
  if (how === 'keep') return old;
  if (how === 'append') return [...old, ...added];
  if (how === 'prepend') return [...added, ...old];
  if (how === 'append_rp') return [...old.filter((item) => !holds(added, item)), ...added];
  if (how === 'prepend_rp') return [...added, ...old.filter((item) => !holds(added, item))];
  throw new TemplateError(`combine() knows no list_merge "${how}"`);
}

function holds(items: readonly Value[], item: Value): boolean {
  return items.some((other) => equal(other, item));
}
