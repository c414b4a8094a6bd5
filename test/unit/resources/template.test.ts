import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withLoaded } from '../../../lib/dsl/trace/lazy.ts';
import { rendered } from '../../../lib/resources/content/template.ts';
import { scratch } from '../support/scratch.ts';

/** The text of a template file, or what is wrong with it. */
async function fill(text: string): Promise<unknown> {
  const path = join(scratch(), 'x.j2');
  writeFileSync(path, text);
  return withLoaded(() => rendered(path, { n: 7 })).catch((error: Error) => error);
}

/** What the template module of ansible-core 2.19.14 writes, for n = 7. */
describe('strings in a template file have escapes, as Ansible has them', () => {
  it.each([
    [String.raw`{{ ['a', 'b'] | join('\n') }}`, 'a\nb'],
    [String.raw`{{ 'foo' | regex_replace('^(.)', '\\1-') }}`, 'f-oo'],
    [String.raw`{{ 'foo' | regex_replace('^(.)', '\1-') }}`, '\x01-oo'],
    [String.raw`{{ 'a.b' | regex_replace('\\.', '-') }}`, 'a-b'],
    [String.raw`{{ 'a.b' | regex_replace('\.', '-') }}`, 'a-b'],
    [String.raw`{{ "a\tb" }}`, 'a\tb'],
    [String.raw`{{ 'C:\\dir' }} {{ 'C:\dir' }}`, 'C:\\dir C:\\dir'],
    [String.raw`{{ 'it\'s' }}`, "it's"],
    [String.raw`{{ 'a5' is match('a\\d') }}`, 'True'],
    [String.raw`{{ 'ab12' | regex_search('([a-z]+)\\d', '\\1') }}`, "['ab']"],
    [String.raw`{{ '\x41\u00fc\U0001F600\101\7q\400' }}`, 'Aü😀A\x07qĀ'],
    [String.raw`{{ '\a\b\f\v' }}`, '\x07\b\f\v'],
    ["{{ 'a\\\nb' }}", 'ab'],
    [String.raw`{{ '\q\8' }}`, '\\q\\8'],
    [String.raw`{% set x = 'a\tb' %}{{ x }}`, 'a\tb'],
    [String.raw`{{ '\xZ' }}`, undefined],
    [String.raw`{{ '\u12' }}`, undefined],
    [String.raw`{{ '\U00110000' }}`, undefined],
  ])('%j', async (template, text) => {
    const found = await fill(template);
    if (text === undefined)
      expect(found).toMatchObject({ exitCode: 1, message: expect.stringContaining(`the escape "\\`) });
    else expect(found).toBe(text);
  });
});
