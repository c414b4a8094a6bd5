import { expect, test } from 'vitest';
import { displayWidth, duration, escapeControls, oneLine, truncate } from '../../../lib/report/text.ts';

test.each([
  ['a colour', 'a\x1b[31mb', 'a\\x1b[31mb'],
  ['a one-byte CSI', 'a\x9b31mb', 'a\\x9b31mb'],
  ['carriage return and backspace', 'a\rb\x08', 'a\\x0db\\x08'],
  ['a direction override', 'a\u202eb', 'a\\u202eb'],
  ['a mark of Arabic letters', 'a\u061cb', 'a\\u61cb'],
  ['a title', '\x1b]0;owned\x07', '\\x1b]0;owned\\x07'],
  ['line feed and tab stay', 'a\n\tb', 'a\n\tb'],
  ['other letters stay', '主机 é 😀', '主机 é 😀'],
])('%s is spelled out', (_name, text, expected) => {
  expect(escapeControls(text)).toBe(expected);
});

test('a text on one line has no line feed', () => {
  expect(oneLine(' a\n  b\tc\x1b ')).toBe('a b c\\x1b');
});

test.each([
  ['etcd', 4],
  ['主机', 4],
  ['e\u0301', 1],
  ['✔ ok', 4],
])('%s takes %d columns', (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdef', 5, 'abcd…'],
  ['主机名', 4, '主…'],
  ['abc', 0, ''],
])('%s cut to %d columns is %s', (text, width, expected) => {
  expect(truncate(text, width)).toBe(expected);
});

test.each([
  [340, '340 ms'],
  [6200, '6.2 s'],
  [59_990, '1 min 00 s'],
  [125_000, '2 min 05 s'],
])('%d ms are %s', (ms, expected) => {
  expect(duration(ms)).toBe(expected);
});
