import { expect, it } from 'vitest';
import { type ExitCode, worstExit } from '../../lib/errors.ts';

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
