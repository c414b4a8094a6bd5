import { expect, it } from 'vitest';
import type { Given } from '../../../../lib/inventory/jinja/plugin.ts';
import { regex } from '../../../../lib/inventory/jinja/regex.ts';

const GIVEN = { flag: () => false } as unknown as Given;

it('a regular expression that tries ways without end is ended', () => {
  expect(() => regex('(a+)+$', GIVEN).exec(`${'a'.repeat(40)}!`)).toThrow(
    /does not come to an end within 1 s/,
  );
});

it('one that is timed finds, replaces and splits like any other', () => {
  const found = regex('(\\d+)-(\\d+)', GIVEN, 'g');
  expect([...'1-2 33-4'.matchAll(found)].map(([all]) => all)).toEqual(['1-2', '33-4']);
  expect('1-2 33-4'.replaceAll(found, '$2-$1')).toBe('2-1 4-33');
  expect('a1-2b'.split(found)).toEqual(['a', '1', '2', 'b']);
});
