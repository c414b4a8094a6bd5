import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { redact, Secret } from '../../../../lib/dsl/secret.ts';
import { joinSh, quote, raw, sh } from '../../../../lib/dsl/shell/sh.ts';
import { SHELLS } from '../../support/shells.ts';

const WORDS = [
  '',
  'plain',
  "it's",
  '$(touch x)',
  '`id`',
  'a b\tc',
  'new\nline',
  '\\',
  '"',
  "'",
  '-n',
  '*',
  '~',
  '!x',
  'é\u{1F980}',
  '\x1b[31m',
];

describe.each(SHELLS)('quoting under %s', (_name, file = '', ...args) => {
  const run = (script: string) => execFileSync(file, [...args, '-c', script], { encoding: 'utf8' });

  it.each(WORDS)('%j arrives as it is', (word) => {
    expect(run(sh`printf '[%s]' ${word}`.text)).toBe(`[${word}]`);
  });

  it('makes several words of a list, and leaves a shell its own braces', () => {
    expect(run(sh`set -- ${['a b', 'c']}; one=$1; printf '%s|%s' "\${one}" "$#"`.text)).toBe('a b|2');
  });
});

describe('shell text', () => {
  it('lets pieces stand as they are', () => {
    expect(sh`a ${raw('| b')} ${joinSh([raw('c'), raw('d')], '; ')} ${7}`.text).toBe('a | b c; d 7');
  });

  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'true'],
    [Number.NaN, 'NaN'],
    [['a', undefined], 'undefined'],
    [{ a: 1 }, 'an object'],
    [() => 1, 'a function'],
  ])('refuses %s, and says what it stands after', (value, found) => {
    expect(
      () => sh`first ${'a'}
app --on ${value as string}`,
    ).toThrow(
      expect.objectContaining({
        exitCode: 1,
        message: `sh is given ${found} after "app --on": text, a number, shell, or a list of these was wanted`,
      }),
    );
  });

  it('refuses NUL', () => {
    expect(() => quote('a\0b')).toThrow(/^a NUL byte cannot be passed to a shell$/);
  });
});

describe('a secret', () => {
  const secret = new Secret('correct horse\nbattery');

  it('is masked wherever it is turned into text', () => {
    expect(`${secret} ${JSON.stringify({ secret })}`).toBe('******** {"secret":"********"}');
  });

  it('is taken out of what others say, line by line', () => {
    expect(redact('said: battery, then correct horse')).toBe('said: ********, then ********');
  });

  it('is known as shells and JSON spell it, too', () => {
    const word = new Secret(`staple's "quote"`).reveal();
    expect(redact(`${quote(word)} ${JSON.stringify(word)}`)).toBe(`'********' "********"`);
  });

  it('that is part of another one leaves nothing of that', () => {
    new Secret('marmalade');
    new Secret('orange marmalade jar');
    expect(redact('an orange marmalade jar, and marmalade')).toBe('an ********, and ********');
  });

  it('has a frame that is none, where it is a key', () => {
    new Secret('-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIKanarienvogel\n-----END EC PRIVATE KEY-----\n');
    expect(redact('-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIKanarienvogel')).toBe(
      '-----BEGIN EC PRIVATE KEY-----\n********',
    );
  });
});
