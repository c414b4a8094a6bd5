import { Secret } from '../secret.ts';

/** Two wishes say the same: data by value, secrets by what they hold, functions only if they are one and the same. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  // They keep what they are out of their own properties.
  if (one instanceof RegExp) return String(one) === String(other);
  if (one instanceof Date) return one.getTime() === (other as Date).getTime();
  if (one instanceof Secret) return one.reveal() === (other as Secret).reveal();
  const [left, right] = [entriesOf(one), entriesOf(other)];
  return left.size === right.size && [...left].every(([key, value]) => isSame(value, right.get(key)));
}

/** What is undefined is as good as left out. */
function entriesOf(value: object): ReadonlyMap<unknown, unknown> {
  if (value instanceof Map) return value;
  if (value instanceof Set) return new Map([...value].map((one) => [one, one]));
  return new Map(Object.entries(value).filter(([, inner]) => inner !== undefined));
}
