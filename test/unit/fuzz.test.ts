import { describe, expect, it } from 'vitest';
import { enterGround, leaveGround } from '../fuzz/ground.ts';
import { KINDS } from '../fuzz/run.ts';

/** `npm run test:fuzz` runs a hundred thousand cases; these are the same every time. */
const SEED = 20_260_101;

describe('hostile values are taken literally or refused, and nothing of them is run', () => {
  it.each(KINDS.map((kind) => [kind.name, kind] as const))('%s', async (_name, kind) => {
    const ground = enterGround();
    try {
      const { literal, refused } = await kind.run(kind.quick, SEED, ground);
      expect(literal + refused).toBe(kind.quick);
      expect(literal).toBeGreaterThan(0);
    } finally {
      leaveGround(ground);
    }
  });

  it('the shares of the kinds add up', () => {
    expect(KINDS.reduce((sum, { share }) => sum + share, 0)).toBe(100);
  });
});
