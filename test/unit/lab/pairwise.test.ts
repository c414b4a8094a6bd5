import { describe, expect, it } from 'vitest';
import { DIMENSIONS } from '../../lab/matrix/dimensions.ts';
import { allPairs, type Dimensions, pairsOf, pairwise } from '../../lab/matrix/pairwise.ts';
import { random } from '../../lab/support/random.ts';

const TABLES: Readonly<Record<string, Dimensions>> = {
  'two of one value': { a: ['1'], b: ['1'] },
  'one with many values': { a: ['1', '2', '3', '4', '5', '6', '7'], b: ['1', '2'], c: ['x'] },
  'eight of two values': Object.fromEntries([...'abcdefgh'].map((name) => [name, ['0', '1']])),
  "the matrix's": DIMENSIONS,
};

describe.each(Object.entries(TABLES))('pairwise cases of dimensions: %s', (_, dimensions) => {
  it('have every pair of values, and each a value of every dimension', () => {
    const cases = pairwise(dimensions, random(1));
    const found = new Set(cases.flatMap(pairsOf));
    expect([...found].sort()).toEqual([...new Set(allPairs(dimensions))].sort());
    for (const one of cases) expect(Object.keys(one).sort()).toEqual(Object.keys(dimensions).sort());
  });

  it('are the same for the same seed', () => {
    expect(pairwise(dimensions, random(7))).toEqual(pairwise(dimensions, random(7)));
  });
});

it('pairwise cases have no pair that cannot be, and all others', () => {
  const dimensions = { a: ['1', '2'], b: ['1', '2'], c: ['1', '2', '3'] };
  const found = new Set(pairwise(dimensions, random(1), [{ a: '1', b: '2' }]).flatMap(pairsOf));
  expect(found.has('a=1 b=2')).toBe(false);
  expect(found.size).toBe(allPairs(dimensions).length - 1);
});

it('pairwise cases are few: hardly more than the two largest dimensions ask for', () => {
  const [first = 0, second = 0] = Object.values(DIMENSIONS)
    .map(({ length }) => length)
    .sort((a, b) => b - a);
  expect(pairwise(DIMENSIONS, random(1)).length).toBeLessThan(first * second * 1.4);
  expect(pairwise(TABLES['eight of two values'] as Dimensions, random(1)).length).toBeLessThan(10);
});
