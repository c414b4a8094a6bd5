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

/** The same module: Jinja drops one line end, and Ansible adds those that the text has fewer of than the file. */
describe('a template file ends as Ansible has it', () => {
  it.each([
    ['{% for x in [1] %}a{% endfor %}\n', 'a\n'],
    ['{% for x in [1] %}\na\n{% endfor %}\n', 'a\n'],
    ['a{# c #}\n', 'a\n'],
    ['a\n{# c #}\n\n', 'a\n\n'],
    ['{% raw %}a{% endraw %}\n', 'a\n'],
    ['x{% if false %}y{% endif %}\n\n', 'x\n\n'],
    ['a {%- if true %} b {%+ endif -%}\n\n', 'a b \n\n'],
    ['x {{ n -}}\n\n', 'x 7\n\n'],
    ['{{ n }}\n\n', '7\n\n'],
    ["{{ '' }}\n", '\n'],
    ["{{ 'x\\n\\n' }}\n", 'x\n\n'],
    ['{% if true %}x{% endif %}\r\n', 'x\n'],
    ['#jinja2: trim_blocks: False\n{% if true %}\nx\n{% endif %}\n', '\nx\n'],
    ['#jinja2: trim_blocks: False\nx{% if true %}y{% endif %}\n\n', 'xy\n\n'],
    // What is empty stays so.
    ['{% if false %}x{% endif %}\n\n', ''],
    ['{% set x = 1 %}\n\n', ''],
    ['{# c #}\n', ''],
    ['{{ none }}\n', ''],
    ['\n\n', '\n\n'],
  ])('%j', async (template, text) => {
    expect(await fill(template)).toBe(text);
  });
});

describe('a block of a template file is its content', () => {
  it.each([
    ['{% block b %}x{% endblock %}\n', 'x\n'],
    ['a\n{% block b %}\nx {{ n }}\n{% endblock b %}\nz\n', 'a\nx 7\nz\n'],
    ['{% set v = 1 %}{% block b %}{{ v }}{% set v = 2 %}{{ v }}{% endblock %}{{ v }}\n', '121\n'],
    ['{% for i in [1, 2] %}{% block b scoped %}{{ i }}{% endblock %}{% endfor %}\n', '12\n'],
    ['{% block b %}{% block c %}x{% endblock %}{% endblock b %}\n', 'x\n'],
    ['{% block b %}x{% endblock c %}\n', undefined],
    ['{% block b required %}{% endblock %}\n', undefined],
    ['{% extends "a" %}{% block b %}{% endblock %}\n', undefined],
  ])('%j', async (template, text) => {
    const found = await fill(template);
    if (text === undefined) expect(found).toMatchObject({ exitCode: 1 });
    else expect(found).toBe(text);
  });
});
