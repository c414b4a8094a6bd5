/** What cases differ in: each dimension with its values. */
export type Dimensions = Readonly<Record<string, readonly string[]>>;

/** One value of each dimension. */
export type Choice<D extends Dimensions> = { readonly [Name in keyof D]: D[Name][number] };

/** Of so many candidates the one that brings most new pairs becomes the next case. */
const CANDIDATES = 40;

/**
 * Cases in which every two values of different dimensions meet at least once: most faults need no more than
 * two conditions, and a fraction of all combinations holds all pairs. Pairs that cannot be are `never` in a
 * case. Greedy; the same for the same numbers.
 */
export function pairwise<D extends Dimensions>(
  dimensions: D,
  next: () => number,
  never: readonly Partial<Choice<D>>[] = [],
): readonly Choice<D>[] {
  const names = Object.keys(dimensions);
  const excluded = new Set(never.flatMap((pair) => pairsOf(pair as Record<string, string>)));
  const missing = new Set(allPairs(dimensions).filter((pair) => !excluded.has(pair)));
  const cases: Choice<D>[] = [];
  while (missing.size > 0) {
    const candidates = Array.from({ length: CANDIDATES }, () =>
      candidate(dimensions, names, missing, excluded, next),
    );
    const [best = {}] = candidates
      .map((choice) => [choice, pairsOf(choice).filter((pair) => missing.has(pair)).length] as const)
      .reduce((most, one) => (one[1] > most[1] ? one : most));
    for (const pair of pairsOf(best)) missing.delete(pair);
    cases.push(best as Choice<D>);
  }
  return cases;
}

/** The pairs of a case, in a form that can be compared. */
export function pairsOf(choice: Readonly<Record<string, string>>): readonly string[] {
  const values = Object.entries(choice).map(([name, value]) => `${name}=${value}`);
  return values.sort().flatMap((one, i) => values.slice(i + 1).map((other) => `${one} ${other}`));
}

/** Every pair of values of two dimensions. */
export function allPairs(dimensions: Dimensions): readonly string[] {
  const names = Object.keys(dimensions);
  return names.flatMap((one, i) =>
    names
      .slice(i + 1)
      .flatMap((other) =>
        (dimensions[one] ?? []).flatMap((a) =>
          (dimensions[other] ?? []).flatMap((b) => pairsOf({ [one]: a, [other]: b })),
        ),
      ),
  );
}

/** Begins with a pair that is missing, then gives each dimension the value that adds most. */
function candidate(
  dimensions: Dimensions,
  names: readonly string[],
  missing: ReadonlySet<string>,
  excluded: ReadonlySet<string>,
  next: () => number,
): Record<string, string> {
  const pick = <T>(items: readonly T[]) => items[Math.floor(next() * items.length)] as T;
  const choice = Object.fromEntries(
    pick([...missing])
      .split(' ')
      .map((value) => value.split('=') as [string, string]),
  );
  const left = names.filter((name) => choice[name] === undefined);
  while (left.length > 0) {
    const [name = ''] = left.splice(Math.floor(next() * left.length), 1);
    const gains = (dimensions[name] ?? []).flatMap((value) => {
      const pairs = pairsOf({ ...choice, [name]: value });
      if (pairs.some((pair) => excluded.has(pair))) return [];
      return [[value, pairs.filter((pair) => missing.has(pair)).length] as const];
    });
    if (gains.length === 0) throw new Error(`No ${name} goes with ${JSON.stringify(choice)}`);
    const most = Math.max(...gains.map(([, gain]) => gain));
    choice[name] = pick(gains.filter(([, gain]) => gain === most))[0];
  }
  return choice;
}
