import { expect, it } from 'vitest';
import type { Options } from '../../../lib/cli/flags/options.ts';
import { orderOf } from '../../../lib/fleet/ordered.ts';

it.each([
  [false, {}, 0],
  [true, {}, '100%'],
  [true, { errors: '2' }, 2],
])('with check %j and %j so many clusters may fail: %j', (check, own, errors) => {
  const words = ['run', 'site'];
  expect(orderOf({ words, inFront: 2, own, check, yes: false } as unknown as Options).errors).toBe(errors);
});
