import { Secret } from '../../dsl/secret.ts';

/**
 * All that is wanted of a task, as text that is the same for equal wishes: what secrets hold included, so it must not
 * leave the process. Functions, and what only a run can make, are left out.
 */
export function canonical(wish: unknown): { readonly text: string; readonly hasSecret: boolean } {
  let hasSecret = false;
  const above: object[] = [];
  const plain = (value: unknown): unknown => {
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Secret) {
      hasSecret = true;
      return { secret: value.reveal() };
    }
    if (value instanceof RegExp || value instanceof Date || value instanceof URL) return String(value);
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
    if ('produce' in value && typeof value.produce === 'function') {
      const { sha256 } = value as { readonly sha256?: unknown };
      return typeof sha256 === 'string' ? { sha256 } : 'made by the run';
    }
    if (above.includes(value)) return 'above';
    above.push(value);
    try {
      if (Array.isArray(value)) return value.map(plain);
      if (value instanceof Set) return [...value].map(plain);
      const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
      const named = entries.map(([key, one]) => [String(key), plain(one)] as const);
      return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
    } finally {
      above.pop();
    }
  };
  const text = JSON.stringify(plain(wish)) ?? 'nothing';
  return { text, hasSecret };
}
