import { count, truncate } from './text.ts';

/** Names as a person writes them, ranges in the inventory's form: `etcd[01:03], gateway`. */
export function foldHosts(names: Iterable<string>): string {
  const places = new Map([...names].map((name) => [name, numbered(name)]));
  const popular = new Map<string, number>();
  for (const options of places.values()) {
    for (const { key } of options) popular.set(key, (popular.get(key) ?? 0) + 1);
  }
  const families = new Map<string, Numbered[]>();
  for (const [name, options] of places) {
    const best = options.reduce<Numbered>(
      (a, b) => ((popular.get(b.key) ?? 0) >= (popular.get(a.key) ?? 0) ? b : a),
      { key: name, before: name, digits: '', after: '' },
    );
    const family = families.get(best.key);
    if (family) family.push(best);
    else families.set(best.key, [best]);
  }
  return [...families.values()].flatMap(ranges).join(', ');
}

/** The same in about forty columns: `all but etcd07`, or how many and the first of them. */
export function nameHosts(names: readonly string[], all: readonly string[]): string {
  const folded = foldHosts(names);
  if (folded.length <= SHORT) return folded;
  const named = new Set(names);
  const missing = all.filter((name) => !named.has(name));
  if (missing.length > 0 && missing.length <= FEW) return `all but ${foldHosts(missing)}`;
  return `${count(named.size, 'host')}: ${truncate(folded, SHORT)}`;
}

const SHORT = 40;
const FEW = 3;

interface Numbered {
  readonly key: string;
  readonly before: string;
  readonly digits: string;
  readonly after: string;
}

/** Every way to read a name as a numbered one: `etcd1.k8s` is number 1 of `etcd#.k8s` or 8 of `etcd1.k#s`. */
function numbered(name: string): Numbered[] {
  return [...name.matchAll(/\d{1,9}/g)].map((match) => {
    const before = name.slice(0, match.index);
    const after = name.slice(match.index + match[0].length);
    return { key: `${before}\0${after}`, before, digits: match[0], after };
  });
}

function ranges(family: readonly Numbered[]): string[] {
  const sorted = [...family].sort((a, b) => Number(a.digits) - Number(b.digits));
  const runs: Numbered[][] = [];
  for (const one of sorted) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run && last && one.digits === following(last.digits)) run.push(one);
    else runs.push([one]);
  }
  return runs.map((run) => {
    const { before, digits, after } = run[0] as Numbered;
    if (run.length === 1) return `${before}${digits}${after}`;
    return `${before}[${digits}:${run.at(-1)?.digits}]${after}`;
  });
}

/** The next number in the same form: `09` → `10`, `9` → `10`. */
function following(digits: string): string {
  return String(Number(digits) + 1).padStart(digits.length, '0');
}
