import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { Problems } from '../../../../lib/inventory/checks/problems.ts';
import { extraVars } from '../../../../lib/inventory/variables/extra-vars.ts';

async function given(arg: string) {
  const problems = new Problems();
  const variables = await extraVars([arg], async () => '', problems);
  return { values: Object.fromEntries(variables.map(({ name, value }) => [name, value])), problems };
}

it('-e @FILE knows the home', async () => {
  const { problems } = await given('@~/no-such-file.yml');
  expect(problems.errors[0]?.message).toBe(`there is no file ${homedir()}/no-such-file.yml`);
});

/** As `parse_kv` of ansible-core 2.19 answers. */
describe('-e NAME=VALUE', () => {
  it.each<[string, Record<string, string>]>([
    ['a=1 b=2', { a: '1', b: '2' }],
    [' a=1', { a: '1' }],
    ['a==b', { a: '=b' }],
    ['a=', { a: '' }],
    ['a=x\nb=y', { a: 'x', b: 'y' }],
    ['a=x \\\nb=y', { a: 'x', b: 'y' }],
    ['a=x\ty', { a: 'x\ty' }],
  ])('is words with a name each: %j', async (arg, values) => {
    expect((await given(arg)).values).toEqual(values);
  });

  it.each<[string, Record<string, string>]>([
    ['a="x y"', { a: 'x y' }],
    [`a='x' b="y"`, { a: 'x', b: 'y' }],
    ['a=" x "  b=2', { a: ' x ', b: '2' }],
    ['a=""', { a: '' }],
    [`a="it's"`, { a: "it's" }],
    ['a="x\\"y"', { a: 'x"y' }],
  ])('loses the quotes around a whole value: %j', async (arg, values) => {
    expect((await given(arg)).values).toEqual(values);
  });

  it.each<[string, Record<string, string>]>([
    ['m={"a":"b"}', { m: '{"a":"b"}' }],
    ['m=x"y z"w', { m: 'x"y z"w' }],
    [`a=it's b=isn't`, { a: "it's b=isn't" }],
    ["a=x\\'y", { a: "x'y" }],
    ['m={{ lookup("env","HOME") }}', { m: '{{ lookup("env","HOME") }}' }],
    [`m={{ nope | default('q') }} b=1`, { m: "{{ nope | default('q') }}", b: '1' }],
    ['a={# x y #} b={{c d}}{{e f}}', { a: '{# x y #}', b: '{{c d}}{{e f}}' }],
  ])('keeps quotes inside a value, and blocks: %j', async (arg, values) => {
    expect((await given(arg)).values).toEqual(values);
  });

  it.each<[string, string]>([
    ['a=x\\ny', 'x\ny'],
    ['a=x\\\\ny', 'x\\ny'],
    ['a=x\\x41\\u00e9', 'xAé'],
    ['a=x\\q\\101', 'x\\q\\101'],
    ['a=\\UFFFFFFFF', '\\UFFFFFFFF'],
  ])('reads escapes: %s', async (arg, a) => {
    expect((await given(arg)).values).toEqual({ a });
  });

  it.each(["pw=abc'", 'a="x', 'a={{ x', "a='x'y'"])('refuses what is not closed: %s', async (arg) => {
    const { values, problems } = await given(arg);
    expect(values).toEqual({});
    const [error] = problems.errors;
    expect(error?.message).toBe(`--extra-vars ${arg.replace(/=.*/, '')}: a quote or a block is not closed`);
  });
});
