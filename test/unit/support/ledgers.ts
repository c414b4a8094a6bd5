import { expect } from 'vitest';
import type { Step } from '../../../lib/dsl/step.ts';

/** Each way in which so many members work or do not: `[true, false, …]`. */
export function subsets(count: number): readonly (readonly boolean[])[] {
  return Array.from({ length: 2 ** count }, (_, bits) =>
    Array.from({ length: count }, (_, i) => ((bits >> i) & 1) === 1),
  );
}

/** Each step begins with as many members that work as the one before it has left, and there are never more than vote. */
export function expectInOne(steps: readonly Step[]): void {
  for (const [i, { ledger }] of steps.entries()) {
    expect(ledger.before.healthy).toBe(steps[i - 1]?.ledger.after.healthy ?? ledger.before.healthy);
    expect(ledger.after.healthy).toBeGreaterThanOrEqual(0);
    expect(ledger.after.healthy).toBeLessThanOrEqual(ledger.after.voters);
  }
}
