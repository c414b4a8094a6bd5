/** An object literal, or a copy of one: no Date, no Map, and nothing of another class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  // In any realm: a script in a context of its own has another Object.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
