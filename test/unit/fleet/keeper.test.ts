import { describe, expect, it } from 'vitest';
import { Keeper } from '../../../lib/fleet/keeper.ts';

const task = (text: string) => JSON.stringify({ event: 'task', runId: 'R', text });
const RECAP = JSON.stringify({ event: 'recap', runId: 'R' });

describe('lines that are kept', () => {
  it('are so many; the first that is not leaves a word, and the end is kept all the same', () => {
    const keeper = new Keeper(100);
    const kept = [task('a'), task('b'), task('c'), task('d'), RECAP].map((line) => keeper.take(line));
    expect(kept).toEqual([task('a'), task('b'), expect.any(String), undefined, RECAP]);
    expect(JSON.parse(kept[2] ?? '')).toMatchObject({
      event: 'log',
      runId: 'R',
      level: 'warning',
      message: expect.stringContaining('from here on lines are left out'),
    });
  });

  it('are so many by number, too: the first ones stay', () => {
    const keeper = new Keeper(1000, 100, 2);
    const kept = ['a', 'x'.repeat(200), 'b', 'c'].map((text) => keeper.take(task(text)));
    expect(kept).toEqual([
      task('a'),
      expect.stringContaining('238 characters'),
      expect.stringContaining('from here on'),
      undefined,
    ]);
    expect(keeper.take(RECAP)).toBe(RECAP);
  });

  it('are not too long; others are kept after one that is', () => {
    const keeper = new Keeper(1000, 100);
    expect(keeper.take(task('x'.repeat(200)))).toContain('a line of 238 characters is left out');
    expect(keeper.take(task('a'))).toBe(task('a'));
  });
});
