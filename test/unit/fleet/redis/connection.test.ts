import { describe, expect, it } from 'vitest';
import { QuorateError } from '../../../../lib/errors.ts';
import { shownUrl } from '../../../../lib/fleet/redis/connection.ts';

describe('the address of Redis', () => {
  it.each([
    ['redis://h', 'redis://h'],
    ['redis://:hunter2@h:6400/1', 'redis://h:6400/1'],
    ['rediss://me:hun%2Fter2%23@h', 'rediss://h'],
    ['redis://:hun:ter2@h', 'redis://h'],
  ])('%s is shown as %s', (url, shown) => {
    expect(shownUrl(url)).toBe(shown);
  });

  it.each([
    'redis://:hunter2/x@h:6379',
    'redis://:hunter2#x@h:6379',
    'redis://:hunter2?x@h:6379',
    'redis://me:12/hunter2@h',
    'redis://me:12#hunter2@h',
    'redis://:hunter2%@h',
    'redis://hunter2%zz:x@h',
    'me:hunter2@h',
    'hunter2://h',
    'h:6379',
    'redis:hunter2',
    'hunter2',
  ])('%s is refused, and nothing of it is quoted', (url) => {
    let said: unknown;
    try {
      shownUrl(url);
    } catch (error) {
      said = error;
    }
    expect(said).toMatchObject({ exitCode: 1, hint: expect.stringContaining('%2F') });
    expect((said as QuorateError).message).not.toContain('hunter2');
  });

  it('is asked for where none is named', () => {
    expect(() => shownUrl('')).toThrow(QuorateError);
    expect(() => shownUrl(undefined)).toThrow('no Redis is named');
  });
});
