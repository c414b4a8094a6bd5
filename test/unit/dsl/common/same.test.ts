import { expect, it } from 'vitest';
import { isSame } from '../../../../lib/dsl/common/same.ts';
import { Secret } from '../../../../lib/dsl/secret.ts';

it.each([
  ['patterns', /a/i, /a/i, /b/i],
  ['flags', /a/i, /a/i, /a/],
  ['dates', new Date(1), new Date(1), new Date(2)],
  ['secrets', new Secret('one one'), new Secret('one one'), new Secret('two two')],
  ['what is left out', { a: 1 }, { a: 1, b: undefined }, { a: 1, b: null }],
  ['sets', new Set([1]), new Set([1]), new Set([2])],
])('wishes are the same by what they say: %s', (_what, one, same, other) => {
  expect([isSame({ one }, { one: same }), isSame({ one }, { one: other })]).toEqual([true, false]);
});
