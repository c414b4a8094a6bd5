import { TemplateError } from '../errors.ts';
import { LARGEST } from '../operators.ts';
import { bind, type Given, plugin, table } from '../plugin.ts';
import { Dict, defined, isList, iterate, keyOf, textOf, Undefined, type Value } from '../values.ts';
import { mapping } from './collections.ts';

type Rows = readonly (readonly Value[])[];

/** Filters that make lists of lists: parts of one, and what goes with what of several. */
export const PAIRING_FILTERS = table({
  batch: plugin('linecount fill_with', (value, given) => {
    const [size, fill] = [given.int('linecount'), given.get('fill_with') ?? null];
    const rows: Value[][] = [];
    let row: Value[] = [];
    for (const item of iterate(value)) {
      if (row.length === size) {
        rows.push(row);
        row = [];
      }
      row.push(item);
    }
    if (row.length === 0) return rows;
    while (fill !== null && row.length < size) row.push(fill);
    return [...rows, row];
  }),
  slice: plugin('slices fill_with', (value, given) => {
    const [items, slices] = [iterate(value), count(given, 'slices', 1)];
    const [size, longer, fill] = [
      Math.floor(items.length / slices),
      items.length % slices,
      given.get('fill_with'),
    ];
    return Array.from({ length: slices }, (_, at) => {
      const start = at * size + Math.min(at, longer);
      const part = items.slice(start, start + size + (at < longer ? 1 : 0));
      return at < longer || fill === undefined || fill === null ? part : [...part, fill];
    });
  }),
  zip: (value, args) => zipped([value, ...args], undefined),
  zip_longest: (value, args, named) => zipped([value, ...args], named.get('fillvalue') ?? null),
  product: (value, args, named) => {
    const lists = [value, ...args].map(iterate);
    const times = count(bind('repeat', [], named), 'repeat', 0, 1);
    return Array.from({ length: times }, () => lists)
      .flat()
      .reduce<Rows>((rows, items) => limited(rows.length * items.length, () => crossed(rows, items)), [[]]);
  },
  combinations: plugin('r', (value, given) =>
    chosen(iterate(value), count(given, 'r', 0), (_, at) => at + 1),
  ),
  permutations: plugin('r', (value, given) => {
    const items = iterate(value);
    return chosen(items, count(given, 'r', 0, items.length), () => 0);
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

function count(given: Given, name: string, least: number, usual?: number): number {
  const value = given.int(name, usual);
  if (value < least) throw new TemplateError(`the argument "${name}" is less than ${least}`);
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
