import { expect, it } from 'vitest';
import { isLoopback, isWildcard, numericAddress } from '../../lib/addresses.ts';

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

// As getnameinfo(3) with NI_NUMERICHOST.
it.each([
  ['10.0.0.1', '10.0.0.1'],
  ['FD00:0:0::1', 'fd00::1'],
  ['::ffff:a00:1', '::ffff:10.0.0.1'],
  ['::FFFF:10.0.0.1', '::ffff:10.0.0.1'],
  ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ['::1.2.3.4', '::1.2.3.4'],
  ['::1', '::1'],
  ['::', '::'],
  ['FE80:0::1%eth0', 'fe80::1%eth0'],
  ['web.example.org', 'web.example.org'],
  ['web%20', 'web%20'],
])('%s is spelt %s', (text, spelt) => {
  expect(numericAddress(text)).toBe(spelt);
});
