import type { Position, QuorateError } from '../../errors.ts';
import { meantHint } from '../../near.ts';
import { type AnyTable, isObject, said, usage } from './options.ts';

/** What is wrong with options: none that is unknown, or of another type; `oneOf` are names of which one is wanted. */
export function mistakesIn(
  who: string,
  given: unknown,
  table: AnyTable,
  { oneOf = [], at }: { readonly oneOf?: readonly string[]; readonly at?: Position | undefined } = {},
): readonly QuorateError[] {
  const wrong = (message: string, hint?: string) =>
    usage(who === '' ? message : `${who}: ${message}`, hint, at);
  const known = Object.keys(table);
  if (given !== undefined && !isObject(given)) {
    const [first = 'title'] = known;
    return [wrong(`its options are ${said('', given)}, an object was wanted`, `write { ${first}: … }`)];
  }
  const object = given ?? {};
  // What an object of a class inherits counts as well.
  const all = new Set([...Object.keys(object), ...known.filter((name) => name in object)]);
  const entries = [...all]
    .map((name) => [name, object[name]] as const)
    .filter(([, value]) => value !== undefined);
  const names = entries.map(([name]) => name);
  // Where one way is given, no other can be meant.
  const isWay = oneOf.some((name) => names.includes(name));
  const told = known.filter((name) => !table[name]?.untold && !(isWay && oneOf.includes(name)));
  const unknown = entries.flatMap(([name]) =>
    Object.hasOwn(table, name) ? [] : [wrong(`it has no option ${name}`, meantHint(name, told))],
  );
  const others = entries.flatMap(([name, value]) => {
    const one = Object.hasOwn(table, name) ? table[name] : undefined;
    if (one === undefined || one.holds(value)) return [];
    return [wrong(`${name} is ${said(name, value)}, ${one.wanted} was wanted`, one.hint?.(value, name))];
  });
  // A misspelt one is not missed as well.
  const meant = unknown.map(({ hint = '' }) => hint);
  const isMissing = (name: string) => !names.includes(name) && !meant.includes(`did you mean ${name}?`);
  const isWanted = (name: string) =>
    table[name]?.required || (table[name]?.unlessAbsent && object.state !== 'absent');
  const missing = known.filter((name) => isWanted(name) && isMissing(name));
  const chosen = oneOf.filter((name) => !isMissing(name));
  const stray = names.flatMap((name) => {
    const owners = Object.hasOwn(table, name) ? table[name]?.beside : undefined;
    return owners === undefined || chosen.length !== 1 || !owners.every(isMissing)
      ? []
      : [[name, owners] as const];
  });
  return [
    ...unknown,
    ...others,
    ...missing.map((name) =>
      wrong(`${name} is missing, ${table[name]?.wanted} was wanted`, table[name]?.hint?.(undefined, name)),
    ),
    ...stray.map(([name, owners]) =>
      wrong(`it has ${name}, which belongs to ${owners.join(' or ')}`, `leave it out: it has ${chosen[0]}`),
    ),
    ...(oneOf.length > 0 && chosen.length !== 1
      ? [
          wrong(
            ...notOne(
              chosen,
              oneOf.map((name) => (table[name]?.wanted === '"always"' ? `${name}: 'always'` : name)),
            ),
          ),
        ]
      : []),
  ];
}

function notOne(chosen: readonly string[], names: readonly string[]): readonly [string, string] {
  const all = `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
  return chosen.length === 0
    ? [`it needs ${all}`, `give one of them`]
    : [`it has ${chosen.join(' and ')}, one of them was wanted`, `leave one out: ${all}`];
}
