import { distance } from 'fastest-levenshtein';

/** The one of `known` that a misspelt name is likely to mean; undefined where none is near. Letter case does not count. */
export function nearName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const lower = name.toLowerCase();
  const steps = (one: string) =>
    isShuffled(lower, one.toLowerCase()) ? 1 : distance(lower, one.toLowerCase());
  const near = known.reduce((best, one) => (steps(one) < steps(best) ? one : best));
  const far = name.length <= 3 ? 1 : Math.max(2, Math.floor(name.length / 3));
  const isPart = near.toLowerCase().startsWith(lower) || lower.startsWith(near.toLowerCase());
  return steps(near) <= far || isPart ? near : undefined;
}

/** Two letters that changed places are one slip, and two steps of an edit. */
function isShuffled(one: string, other: string): boolean {
  const sorted = (word: string) => [...word].sort().join('');
  return one.length === other.length && distance(one, other) === 2 && sorted(one) === sorted(other);
}

/** `did you mean mode?`, or what there is instead. */
export function meantHint(name: string, known: readonly string[], all = 'there are'): string {
  const near = nearName(name, known);
  return near === undefined ? `${all} ${known.join(', ') || 'none'}` : `did you mean ${near}?`;
}
