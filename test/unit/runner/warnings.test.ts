import { expect, it } from 'vitest';
import { foldAlike, Warnings } from '../../../lib/runner/warnings.ts';

it.each<[readonly string[], readonly string[]]>([
  [[], []],
  [
    ['a: x', 'b: y'],
    ['a: x', 'b: y'],
  ],
  [
    ['a: x', 'b: y', 'c: x'],
    ['a, c: x', 'b: y'],
  ],
  [['one, two: x', 'three: x', 'one: x'], ['one, two, three: x']],
  [['a: x\n  y', 'b: x\n  y'], ['a, b: x\n  y']],
  [
    ['no subject', 'no subject', 'nor here: a'],
    ['no subject', 'nor here: a'],
  ],
])('%j are told as %j', (messages, told) => {
  expect(foldAlike(messages)).toEqual(told);
});

it('are told together at the end of a look, also of one that fails, and at once else', async () => {
  const told: string[] = [];
  const warnings = new Warnings((message) => told.push(message));
  warnings.add('a: first');
  expect(told).toEqual(['a: first']);
  const look = warnings.together(async () => {
    warnings.add('a: x');
    await Promise.resolve();
    warnings.add('b: x');
    expect(told).toHaveLength(1);
    throw new Error('refused');
  });
  await expect(look).rejects.toThrow('refused');
  warnings.add('c: x');
  expect(told).toEqual(['a: first', 'a, b: x', 'c: x']);
});
