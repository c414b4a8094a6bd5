import { expect, it } from 'vitest';
import { isLoopback, isWildcard } from '../../lib/addresses.ts';

it.each([
  ['127.0.0.1', true],
  ['127.0.1.1', true],
  ['::1', true],
  ['0:0::1', true],
  ['[::1]', true],
  ['::ffff:127.0.0.1', true],
  ['localhost', true],
  ['db.localhost', true],
  ['127.example.com', false],
  ['127.0.0.1.example.com', false],
  ['localhost.example.com', false],
  ['notlocalhost', false],
  ['128.0.0.1', false],
  ['::', false],
  ['fe80::1', false],
  ['', false],
])('only the machine itself is reached at %s: %s', (text, expected) => {
  expect(isLoopback(text)).toBe(expected);
});

it.each([
  ['0.0.0.0', true],
  ['::', true],
  ['0::0', true],
  ['127.0.0.1', false],
  ['::1', false],
])('all addresses are meant by %s: %s', (text, expected) => {
  expect(isWildcard(text)).toBe(expected);
});
