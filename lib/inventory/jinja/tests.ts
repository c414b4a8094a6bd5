import { TemplateError } from './errors.ts';
import { urlParts } from './filters/paths.ts';
import { compares } from './operators.ts';
import { bind, type Given, type Plugin, plugin, table } from './plugin.ts';
import { regex } from './regex.ts';
import {
  Callable,
  contains,
  Dict,
  equal,
  isFloat,
  isList,
  iterate,
  kindOf,
  numberOf,
  textOf,
  truthy,
  Undefined,
  type Value,
} from './values.ts';
import { compareVersions } from './versions.ts';

/** The tests of Jinja and Ansible: what may stand after `is`. */
export const TESTS = table({
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: plugin('', (value) => value === null),
  true: plugin('', (value) => value === true),
  false: plugin('', (value) => value === false),
  boolean: plugin('', (value) => typeof value === 'boolean'),
  number: plugin('', (value) => numberOf(value) !== undefined),
  integer: plugin('', (value) => kindOf(value) === 'int'),
  float: plugin('', (value) => isFloat(value)),
  string: plugin('', (value) => typeof value === 'string'),
  mapping: plugin('', (value) => value instanceof Dict),
  'sequence iterable': plugin(
    '',
    (value) => typeof value === 'string' || isList(value) || value instanceof Dict,
  ),
  callable: plugin('', (value) => value instanceof Callable),
  odd: plugin('', (value) => Math.abs(numberOf(value) ?? 0) % 2 === 1),
  even: plugin('', (value) => (numberOf(value) ?? 1) % 2 === 0),
  divisibleby: plugin(
    'num',
    (value, given) => (numberOf(value) ?? 1) % (numberOf(given.get('num') ?? 1) ?? 1) === 0,
  ),
  lower: plugin('', (value) => textOf(value) === textOf(value).toLowerCase()),
  upper: plugin('', (value) => textOf(value) === textOf(value).toUpperCase()),
  sameas: plugin(
    'other',
    (value, given) =>
      kindOf(value) === kindOf(given.get('other') ?? null) && equal(value, given.get('other') ?? null),
  ),
  'eq equalto ==': comparison('=='),
  'ne !=': comparison('!='),
  'lt lessthan <': comparison('<'),
  'le <=': comparison('<='),
  'gt greaterthan >': comparison('>'),
  'ge >=': comparison('>='),
  in: plugin('seq', (value, given) => contains(given.get('seq') ?? [], value)),
  contains: plugin('value', (value, given) => contains(value, given.get('value') ?? null)),
  'subset issubset': plugin('b', (value, given) =>
    iterate(value).every((item) => contains(given.get('b') ?? [], item)),
  ),
  'superset issuperset': plugin('b', (value, given) =>
    iterate(given.get('b') ?? []).every((item) => contains(value, item)),
  ),
  abs: plugin('', (value) => textOf(value).startsWith('/')),
  uri: plugin('schemes', (value, given) => hasScheme(textOf(value), given)),
  url: plugin('schemes', (value, given) => {
    const parts = urlParts(textOf(value));
    return hasScheme(textOf(value), given) && (parts.get('netloc') !== '' || parts.get('scheme') === 'file');
  }),
  urn: plugin('', (value) => urlParts(textOf(value)).get('scheme') === 'urn'),
  all: plugin('', (value) => iterate(value).every(truthy)),
  any: plugin('', (value) => iterate(value).some(truthy)),
  truthy: plugin('convert_bool', (value, given) => isTrue(value, given.flag('convert_bool'))),
  falsy: plugin('convert_bool', (value, given) => !isTrue(value, given.flag('convert_bool'))),
  match: pattern((found) => found === 0),
  search: pattern((found) => found !== undefined),
  regex: (value, args, named, context) => {
    const { get } = bind('pattern ignorecase multiline match_type', args, named);
    const kind = get('match_type') ?? 'search';
    if (kind !== 'fullmatch')
      return context.test(textOf(kind), value, args.slice(0, 3), without(named, 'match_type'));
    return context.test(
      'match',
      value,
      [`(?:${textOf(get('pattern') ?? '')})\\Z`],
      without(named, 'match_type'),
    );
  },
  'version version_compare': plugin('version operator strict version_type', (value, given) =>
    compares(
      operatorOf(given.text('operator') ?? 'eq'),
      compareVersions(
        textOf(value),
        textOf(given.get('version') ?? ''),
        given.text('version_type') ?? (given.flag('strict') ? 'strict' : 'loose'),
      ),
      0,
    ),
  ),
});

function hasScheme(text: string, given: Given): boolean {
  const schemes = given.get('schemes');
  return schemes === undefined || contains(schemes, urlParts(text).get('scheme') ?? '');
}

function comparison(operator: string): Plugin {
  return plugin('other', (value, given) => compares(operator, value, given.get('other') ?? null));
}

/** A test of where a pattern is first found. */
function pattern(test: (found: number | undefined) => boolean): Plugin {
  return plugin('pattern ignorecase multiline', (value, given) => {
    const found = regex(textOf(given.get('pattern') ?? ''), given).exec(textOf(value));
    return test(found?.index);
  });
}

function without(named: ReadonlyMap<string, Value>, name: string): ReadonlyMap<string, Value> {
  return new Map([...named].filter(([key]) => key !== name));
}

/** Truth, by Ansible's words for no where that is asked for. */
function isTrue(value: Value, convert: boolean): boolean {
  if (convert && typeof value === 'string' && /^(no|off|false|0|n|f)$/i.test(value)) return false;
  return truthy(value);
}

const OPERATORS: Readonly<Record<string, string>> = {
  eq: '==',
  '=': '==',
  ne: '!=',
  '<>': '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};

function operatorOf(name: string): string {
  const operator = OPERATORS[name] ?? name;
  if (!/^([<>]=?|[!=]=)$/.test(operator)) throw new TemplateError(`version() knows no operator "${name}"`);
  return operator;
}
