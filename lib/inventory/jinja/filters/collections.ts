import { TemplateError } from '../errors.ts';
import { binary } from '../operators.ts';
import { bind, type Context, type Given, type Plugin, plugin, table } from '../plugin.ts';
import {
  Blank,
  compare,
  Dict,
  defined,
  equal,
  isList,
  iterate,
  keyOf,
  kindOf,
  numberOf,
  textOf,
  truthy,
  Undefined,
  type Value,
} from '../values.ts';
import { combined } from './combine.ts';

/** Filters of lists and mappings, and those that deal with what is missing. */
export const COLLECTION_FILTERS = table({
  'default d': (value, args, named) => {
    const usual = named.get('default_value') ?? args[0] ?? '';
    const boolean = truthy(named.get('boolean') ?? args[1] ?? false);
    const isMissing = value instanceof Undefined && !(value instanceof Blank);
    return isMissing || (boolean && !truthy(value)) ? usual : value;
  },
  mandatory: (value) => defined(value),
  ternary: plugin('true_val false_val none_val', (value, given) => {
    const none = given.get('none_val');
    if (value === null && none !== undefined && none !== null) return none;
    return given.get(truthy(value) ? 'true_val' : 'false_val') ?? null;
  }),
  type_debug: (value) => kindOf(value),
  list: plugin('', (value) => [...iterate(value)]),
  'length count': plugin('', (value) => iterate(value).length),
  first: plugin('', (value) => iterate(value)[0] ?? new Undefined('there is no first item')),
  last: plugin('', (value) => iterate(value).at(-1) ?? new Undefined('there is no last item')),
  reverse: plugin('', (value) => {
    const turned = [...iterate(value)].reverse();
    return typeof value === 'string' ? turned.map(textOf).join('') : turned;
  }),
  join: plugin('d attribute', (value, given, context) =>
    picked(value, given, context)
      .map(textOf)
      .join(textOf(given.get('d') ?? '')),
  ),
  sum: plugin('attribute start', (value, given, context) =>
    picked(value, given, context).reduce(
      (sum: Value, item) => binary('+', sum, item),
      given.get('start') ?? 0,
    ),
  ),
  min: plugin(
    'case_sensitive attribute',
    (value, given, context) => sorted(value, given, context)[0] ?? new Undefined('there is no least item'),
  ),
  max: plugin(
    'case_sensitive attribute',
    (value, given, context) =>
      sorted(value, given, context, true)[0] ?? new Undefined('there is no greatest item'),
  ),
  sort: plugin('reverse case_sensitive attribute', (value, given, context) =>
    sorted(value, given, context, given.flag('reverse')),
  ),
  unique: plugin('case_sensitive attribute', (value, given, context) => {
    const all = picked(value, given, context);
    // One that is a list or a mapping has Ansible compare them all as they are.
    const keys = all.some((key) => isList(key) || key instanceof Dict) ? all : folded(all, given);
    return iterate(value).filter((_, at) => keys.findIndex((key) => equal(key, keys[at] ?? null)) === at);
  }),
  union: sets((one, other) => [...one, ...other]),
  intersect: sets((one, other) => one.filter((item) => has(other, item))),
  difference: sets((one, other) => one.filter((item) => !has(other, item))),
  symmetric_difference: sets((one, other) => [
    ...one.filter((item) => !has(other, item)),
    ...other.filter((item) => !has(one, item)),
  ]),
  flatten: plugin('levels skip_nulls', (value, given) => {
    const levels = numberOf(given.get('levels') ?? Number.POSITIVE_INFINITY) ?? 0;
    return flattened(iterate(value), levels, given.get('skip_nulls') !== false);
  }),
  extract: plugin('container morekeys', (value, given, context) => {
    const more = given.get('morekeys');
    const keys = more === undefined || more === null ? [] : isList(more) ? more : [more];
    return [value, ...keys].reduce((of: Value, key) => context.item(of, key), given.get('container') ?? null);
  }),
  map: (value, args, named, context) => {
    const [name, ...rest] = args;
    if (name !== undefined)
      return iterate(value).map((item) => context.filter(textOf(name), item, rest, named));
    const given = bind('attribute default', [], named);
    return iterate(value).map((item) => {
      const found = attribute(item, given.get('attribute') ?? '', context);
      return found instanceof Undefined ? (given.get('default') ?? found) : found;
    });
  },
  select: (value, args, named, context) =>
    iterate(value).filter((item) => passes(item, args, named, context)),
  reject: (value, args, named, context) =>
    iterate(value).filter((item) => !passes(item, args, named, context)),
  selectattr: (value, [name = '', ...args], named, context) =>
    iterate(value).filter((item) => passes(attribute(item, name, context), args, named, context)),
  rejectattr: (value, [name = '', ...args], named, context) =>
    iterate(value).filter((item) => !passes(attribute(item, name, context), args, named, context)),
  attr: plugin('name', (value, given, context) => context.item(value, given.get('name') ?? '')),
  groupby: plugin('attribute default case_sensitive', (value, given, context) => {
    const name = given.need('attribute');
    const names = iterate(value).map((item) => attribute(item, name, context));
    const keys = folded(names, given);
    const items = iterate(value).map((item, at) => ({
      name: names[at] ?? null,
      key: keys[at] ?? null,
      item,
    }));
    const groups = items.filter(({ key }, at) => items.findIndex((one) => equal(one.key, key)) === at);
    return groups
      .sort((one, other) => compare(one.key, other.key))
      .map(({ name, key }) => [name, items.filter((one) => equal(one.key, key)).map(({ item }) => item)]);
  }),
  dictsort: plugin('case_sensitive by reverse', (value, given) => {
    const at = given.get('by') === 'value' ? 1 : 0;
    const entries = mapping(value).entries();
    const keys = entries.map((entry) => entry[at]);
    return ordered(entries, folded(keys, given), given.flag('reverse'));
  }),
  items: (value) => (value instanceof Undefined ? [] : mapping(value).entries()),
  dict2items: plugin('key_name value_name', (value, given) =>
    mapping(value)
      .entries()
      .map(([key, item]) =>
        Dict.of([
          [given.text('key_name') ?? 'key', key],
          [given.text('value_name') ?? 'value', item],
        ]),
      ),
  ),
  items2dict: plugin('key_name value_name', (value, given, context) =>
    Dict.of(
      iterate(value).map((item) => [
        keyOf(context.item(item, given.text('key_name') ?? 'key')),
        defined(context.item(item, given.text('value_name') ?? 'value')),
      ]),
    ),
  ),
  combine: (value, args, named) => {
    const given = bind('recursive list_merge', [], named);
    const dicts = flattened([value, ...args], Number.POSITIVE_INFINITY).map(mapping);
    return dicts.reduce((one, other) => combined(one, other, given), Dict.of([]));
  },
});

function sets(of: (one: readonly Value[], other: readonly Value[]) => readonly Value[]): Plugin {
  return plugin('b', (value, given) => {
    const all = of(iterate(value), iterate(given.get('b') ?? []));
    return all.filter((item, at) => all.findIndex((other) => equal(other, item)) === at);
  });
}

function has(items: readonly Value[], item: Value): boolean {
  return items.some((other) => equal(other, item));
}

function passes(
  item: Value,
  args: readonly Value[],
  named: ReadonlyMap<string, Value>,
  context: Context,
): boolean {
  const [name, ...rest] = args;
  if (name !== undefined) return context.test(textOf(name), item, rest, named);
  return truthy(item);
}

/** An attribute, or one of one: `a.b`. */
function attribute(item: Value, name: Value, context: Context): Value {
  const path =
    typeof name === 'string'
      ? name.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
      : [name];
  return path.reduce((of: Value, key) => {
    const found = context.item(of, key);
    return found instanceof Undefined && !(of instanceof Undefined)
      ? new Undefined(`there is no "${key}" in an item`)
      : found;
  }, item);
}

/** What of each item counts: itself, or the attribute that is named. */
function picked(value: Value, given: Given, context: Context): readonly Value[] {
  const name = given.get('attribute');
  return iterate(value).map((item) =>
    name === undefined || name === null ? item : attribute(item, name, context),
  );
}

/** What is compared of values that are there: texts without their case, unless `case_sensitive` says so. */
function folded(values: readonly Value[], given: Given): readonly Value[] {
  const isExact = given.flag('case_sensitive');
  return values.map(defined).map((one) => (typeof one === 'string' && !isExact ? one.toLowerCase() : one));
}

function sorted(value: Value, given: Given, context: Context, isDown = false): readonly Value[] {
  return ordered(iterate(value), folded(picked(value, given, context), given), isDown);
}

/** Items by their keys; those whose keys are equal stay in their order. */
function ordered<T>(items: readonly T[], keys: readonly Value[], isDown: boolean): readonly T[] {
  const down = isDown ? -1 : 1;
  return items
    .map((item, at) => ({ item, key: keys[at] ?? null }))
    .sort((one, other) => down * compare(one.key, other.key))
    .map(({ item }) => item);
}

function flattened(items: readonly Value[], levels: number, noNulls = true): readonly Value[] {
  return items
    .filter((item) => !(noNulls && (item === null || item === 'None' || item === 'null')))
    .flatMap((item) => (isList(item) && levels > 0 ? flattened(item, levels - 1, noNulls) : [item]));
}

/** The mapping that a value is; throws where it is none. */
export function mapping(value: Value): Dict {
  const used = defined(value);
  if (used instanceof Dict) return used;
  throw new TemplateError(`a mapping is wanted, and ${kindOf(used)} is there`);
}
