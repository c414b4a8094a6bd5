import { describe, expect, it } from 'vitest';
import { QuorateError } from '../../../../lib/errors.ts';
import { called, TemplateError } from '../../../../lib/inventory/jinja/errors.ts';
import { FILTERS } from '../../../../lib/inventory/jinja/filters/index.ts';
import { TESTS } from '../../../../lib/inventory/jinja/tests.ts';
import { Templates } from '../../../../lib/inventory/variables/template.ts';
import { variable, world } from './world.ts';

const VALUES = ["''", "'ab'", '[]', '5', "[1, 'a', none]", "{'a': {'b': [1]}}"];
const ARGUMENTS = ['', '-1', '2.5', "'('", '1, -2', '10 ** 30'];
const METHODS =
  `split rsplit join format replace strip find count index get items partition zfill center ljust removesuffix
  startswith title copy append`.split(/\s+/);
const OPERATORS = ['+', '-', '*', '/', '//', '%', '**', '~', '<', 'in', '=='];

/** Each value with each of these after it, and each argument there. */
function pairs(write: (value: string, argument: string) => string): readonly string[] {
  return VALUES.flatMap((value) => ARGUMENTS.map((argument) => write(value, argument)));
}

const MISFITS: readonly (readonly [what: string, templates: readonly string[]])[] = [
  ...[...FILTERS.keys()].map(
    (name) => [`the filter ${name}`, pairs((v, a) => `{{ ${v} | ${name}(${a}) }}`)] as const,
  ),
  ...[...TESTS.keys()]
    .filter((name) => /^\w+$/.test(name))
    .map((name) => [`the test ${name}`, pairs((v, a) => `{{ ${v} is ${name}(${a}) }}`)] as const),
  ...METHODS.map((name) => [`the method ${name}`, pairs((v, a) => `{{ (${v}).${name}(${a}) }}`)] as const),
  ['range()', pairs((v, a) => `{{ range(${v}, ${a || 1}) | list | length }}`)],
  ['an item', pairs((v, a) => `{{ (${v})[${a || 0}] }}{{ (${v})[${a}:] }}`)],
  ...OPERATORS.map(
    (name) => [`the operator ${name}`, pairs((v, a) => `{{ (${v}) ${name} (${a || 1}) }}`)] as const,
  ),
];

describe('what values do not fit answers, or says why', () => {
  const templates = new Templates(world({ h1: {} }));

  it.each(MISFITS)('%s', async (_, written) => {
    const faults: string[] = [];
    for (const template of written)
      await templates.evaluate('h1', variable('value', template)).catch((error: unknown) => {
        const isTold = error instanceof QuorateError && !/cannot take these values/.test(error.message);
        if (!isTold) faults.push(`${template}: ${error}`);
      });
    expect(faults).toEqual([]);
  });
});

describe('what JavaScript throws in a template', () => {
  it('is told by what was called, without its message', () => {
    const work = () => JSON.parse('hunter2');
    expect(() => called('the filter "x"', work)).toThrow(
      new TemplateError('the filter "x" cannot take these values'),
    );
  });

  it('hides no error of ours', () => {
    const ours = new TemplateError('a number is wanted');
    expect(() =>
      called('the filter "x"', () => {
        throw ours;
      }),
    ).toThrow(ours);
  });
});
