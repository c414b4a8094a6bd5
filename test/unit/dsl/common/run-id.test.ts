import { describe, expect, it } from 'vitest';
import { newRunId } from '../../../../lib/dsl/common/run-id.ts';

describe('the ID of a run', () => {
  it.each([
    ['2026-11-27T10:15:00.000Z', /^20261127T101500Z-000[0-9a-f]{3}$/],
    ['2026-11-27T10:15:00.999Z', /^20261127T101500Z-3e7[0-9a-f]{3}$/],
  ])('that begins at %s tells the second, its milliseconds, and chance', (began, form) => {
    expect(newRunId(new Date(began))).toMatch(form);
  });

  it('sorts by the millisecond: two runs of one second are in the order in which they began', () => {
    const began = Date.parse('2026-11-27T10:15:00.000Z');
    const ids = [...Array(1500).keys()].map((ms) => newRunId(new Date(began + ms)));
    expect([...ids].sort()).toEqual(ids);
  });
});
