import { mapping } from './collection-filters.ts';
import { TemplateError } from './errors.ts';
import { LARGEST } from './operators.ts';
import { type Given, plugin, table } from './plugin.ts';
import { Dict, defined, isList, iterate, keyOf, numberOf, textOf, Undefined, type Value } from './values.ts';

type Rows = readonly (readonly Value[])[];

/** Filters that make lists of lists: parts of one, and what goes with what of several. */
export const PAIRING_FILTERS = table({
  batch: plugin('linecount fill_with', (value, given) => {
    const [items, size, fill] = [
      iterate(value),
      numberOf(given.get('linecount') ?? 1) ?? 1,
      given.get('fill_with'),
    ];
    const rows = Array.from({ length: Math.ceil(items.length / size) }, (_, row) =>
      items.slice(row * size, (row + 1) * size),
    );
    return fill === undefined
      ? rows
      : rows.map((row) => [...row, ...Array.from({ length: size - row.length }, () => fill)]);
  }),
  slice: plugin('slices fill_with', (value, given) => {
    const [items, count] = [iterate(value), number(given, 'slices')];
    const [size, longer, fill] = [
      Math.floor(items.length / count),
      items.length % count,
      given.get('fill_with'),
    ];
    return Array.from({ length: count }, (_, at) => {
      const start = at * size + Math.min(at, longer);
      const part = items.slice(start, start + size + (at < longer ? 1 : 0));
      return at < longer || fill === undefined || fill === null ? part : [...part, fill];
    });
  }),
  zip: (value, args) => zipped([value, ...args], undefined),
  zip_longest: (value, args, named) => zipped([value, ...args], named.get('fillvalue') ?? null),
  product: (value, args, named) => {
    const lists = [value, ...args].map(iterate);
    const times = Math.min(numberOf(named.get('repeat') ?? 1) ?? 1, LARGEST);
    return Array.from({ length: times }, () => lists)
      .flat()
      .reduce<Rows>((rows, items) => limited(rows.length * items.length, () => crossed(rows, items)), [[]]);
  },
  combinations: plugin('r', (value, given) => chosen(iterate(value), number(given, 'r'), (_, at) => at + 1)),
  permutations: plugin('r', (value, given) => {
    const items = iterate(value);
    return chosen(items, numberOf(given.get('r') ?? null) ?? items.length, () => 0);
  }),
  subelements: plugin('subelements skip_missing', (value, given, context) => {
    const items = value instanceof Dict ? value.entries().map(([, item]) => item) : iterate(value);
    const said = given.get('subelements') ?? '';
    const path = isList(said) ? said : textOf(said).split('.');
    return items.flatMap((item) => {
      const found = path.reduce((of: Value, key) => context.item(of, key), item);
      if (found instanceof Undefined && given.flag('skip_missing')) return [];
      const part = defined(found);
      if (!isList(part))
        throw new TemplateError(`subelements() finds no list at "${path.map(textOf).join('.')}"`);
      return part.map((one) => [item, one]);
    });
  }),
  rekey_on_member: plugin('key duplicates', (value, given, context) => {
    const items = value instanceof Dict ? value.entries().map(([, item]) => item) : iterate(value);
    const entries = items.map(
      (item) => [keyOf(context.item(mapping(item), given.get('key') ?? '')), item] as const,
    );
    const keyed = Dict.of(entries);
    if (keyed.size < entries.length && given.text('duplicates') !== 'overwrite')
      throw new TemplateError('rekey_on_member() finds a key twice');
    return keyed;
  }),
});

function number(given: Given, name: string): number {
  const value = numberOf(given.get(name) ?? null);
  if (value === undefined || value < 1)
    throw new TemplateError(`the argument "${name}" is no number from 1 to ${LARGEST}`);
  return value;
}

function limited<T>(size: number, work: () => T): T {
  if (size > LARGEST) throw new TemplateError('a filter makes too much');
  return work();
}

function crossed(rows: Rows, items: readonly Value[]): Rows {
  return rows.flatMap((row) => items.map((item) => [...row, item]));
}

/** Rows of `size` items, each item once; `from` says where the one after an item may stand. */
function chosen(
  items: readonly Value[],
  size: number,
  from: (items: readonly Value[], at: number) => number,
): Rows {
  let rows: readonly (readonly number[])[] = [[]];
  for (let count = 0; count < size; count += 1) {
    const one = (row: readonly number[]) => {
      const last = row.at(-1);
      const start = last === undefined ? 0 : from(items, last);
      const left = items.map((_, at) => at).filter((at) => at >= start && !row.includes(at));
      return left.map((at) => [...row, at]);
    };
    rows = limited(rows.length * items.length, () => rows.flatMap(one));
  }
  return rows.map((row) => row.map((at) => items[at] ?? null));
}

function zipped(lists: readonly Value[], fill: Value | undefined): readonly Value[] {
  const all = lists.map(iterate);
  const lengths = all.map(({ length }) => length);
  const length = fill === undefined ? Math.min(...lengths) : Math.max(...lengths);
  return Array.from({ length }, (_, at) => all.map((items) => items[at] ?? fill ?? null));
}
