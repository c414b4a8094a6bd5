import { expect, it } from 'vitest';
import { redact, Secret } from '../../../lib/dsl/secret.ts';

it('masks a secret wherever it turns up, as JSON and shells write it too', () => {
  new Secret(`lang"es'wort`);
  expect(redact(`x lang"es'wort y`)).toBe('x ******** y');
  expect(redact(JSON.stringify({ a: `lang"es'wort` }))).toBe('{"a":"********"}');
});

it.each([
  ['password: ab1', 'password: ********'],
  ['ANSIBLE_PASSWORD=ab1', 'ANSIBLE_PASSWORD=********'],
  ['{"ansible_become_pass":"ab1"}', '{"ansible_become_pass":"********"}'],
  ['--token=ab1 --x', '--token=******** --x'],
  ['an ab1 in a sentence', 'an ab1 in a sentence'],
  ['password: ab12', 'password: ab12'],
])('masks one of fewer than six characters where it stands as a value: %s', (text, masked) => {
  new Secret('ab1');
  expect(redact(text)).toBe(masked);
});
