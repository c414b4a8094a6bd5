import { expect, it } from 'vitest';
import { type ExitCode, withoutHost, worstExit } from '../../lib/errors.ts';

it.each<[readonly ExitCode[], ExitCode]>([
  [[], 0],
  [[0, 8], 8],
  [[1, 8], 1],
  [[6, 1], 1],
  [[1, 130], 130],
  [[143, 1, 130], 130],
  [[130, 70], 70],
  [[8, 7, 4, 2, 3, 5, 6], 6],
  [[8, 7, 4, 2], 2],
  [[8, 7], 7],
])('of %j the exit code is %i', (codes, worst) => {
  expect(worstExit(codes)).toBe(worst);
});

it('a message loses the host in front, and no other word of it', () => {
  expect(withoutHost('db: no route to db: refused', 'db')).toBe('no route to db: refused');
  expect(withoutHost('the way to db: refused', 'db')).toBe('the way to db: refused');
  expect(withoutHost('db: refused', undefined)).toBe('db: refused');
});
