import { parseDocument, type ScalarTag } from 'yaml';
import { isPlainObject } from '../../../dsl/common/plain-object.ts';
import { parseJson } from '../../formats/json-text.ts';
import { scalarOf } from '../../formats/yaml-scalars.ts';
import { Moment } from '../../variables/moment.ts';
import { isKept } from '../../variables/value.ts';
import { TemplateError } from '../errors.ts';
import { type Given, plugin, table } from '../plugin.ts';
import { Dict, defined, isFloat, isList, keyOf, Numeral, numberOf, textOf, type Value } from '../values.ts';
import { yamlText } from './yaml-text.ts';

/** Filters that read and write JSON and YAML. */
export const DATA_FILTERS = table({
  to_json: plugin('sort_keys vault_to_text preprocess_unsafe ensure_ascii indent', (value, given) =>
    json(value, {
      sort: given.flag('sort_keys'),
      indent: indentOf(given),
      ascii: given.get('ensure_ascii') !== false,
    }),
  ),
  to_nice_json: plugin('indent sort_keys ensure_ascii', (value, given) =>
    json(value, {
      sort: given.get('sort_keys') !== false,
      indent: given.indent('indent', 4),
      ascii: given.get('ensure_ascii') !== false,
    }),
  ),
  tojson: plugin('indent', (value, given) =>
    json(value, {
      sort: true,
      ascii: true,
      indent: indentOf(given),
    }).replaceAll(/[<>&']/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`),
  ),
  from_json: plugin('', (value) => {
    try {
      return fromRead(parseJson(textOf(value), { ordered: true }));
    } catch {
      throw new TemplateError('from_json got what is not JSON');
    }
  }),
  from_yaml: plugin('', (value) => {
    const document = parseDocument(textOf(value), {
      version: '1.1',
      merge: true,
      prettyErrors: false,
      customTags: (tags) => [PLAIN, ...tags],
    });
    if (document.errors.length > 0) throw new TemplateError('from_yaml got what is not YAML');
    return fromRead(document.toJS({ maxAliasCount: 100, mapAsMap: true }));
  }),
  to_yaml: plugin('indent width default_flow_style sort_keys explicit_start', (value, given) =>
    yaml(value, given, 2, undefined),
  ),
  to_nice_yaml: plugin('indent width default_flow_style sort_keys explicit_start', (value, given) =>
    yaml(value, given, 4, false),
  ),
});

/** What stands without quotes and without a tag is what PyYAML makes of it; a date stays its text. */
const PLAIN: ScalarTag = {
  tag: 'plain',
  default: true,
  test: /^(?!<<$)/,
  resolve(text) {
    const value = scalarOf(text);
    return value instanceof Moment ? text : value;
  },
};

interface JsonStyle {
  readonly sort: boolean;
  readonly ascii: boolean;
  /** All stands in one line without it. */
  readonly indent: string | undefined;
}

function indentOf(given: Given): string | undefined {
  return (given.get('indent') ?? null) === null ? undefined : given.indent('indent', 0);
}

/** As Python writes it: a space after comma and colon, and no other letters than ASCII's unless asked. */
function json(value: Value, style: JsonStyle, depth = 1): string {
  const used = defined(value);
  const { indent, sort, ascii } = style;
  const list = (open: string, parts: readonly string[], close: string) => {
    if (parts.length === 0) return open + close;
    if (indent === undefined) return open + parts.join(', ') + close;
    const pad = indent.repeat(depth);
    return `${open}\n${pad}${parts.join(`,\n${pad}`)}\n${indent.repeat(depth - 1)}${close}`;
  };
  if (isList(used))
    return list(
      '[',
      used.map((item) => json(item, style, depth + 1)),
      ']',
    );
  if (used instanceof Dict) {
    const entries = used
      .entries()
      .map(([key, item]) => [typeof key === 'string' ? key : json(key, style), item] as const);
    if (sort) entries.sort(([one], [other]) => (one < other ? -1 : 1));
    return list(
      '{',
      entries.map(([key, item]) => `${json(key, style)}: ${json(item, style, depth + 1)}`),
      '}',
    );
  }
  if (used instanceof Numeral) return used.text;
  if (used instanceof Moment) return json(used.toJSON(), style);
  const text = JSON.stringify(used);
  if (text === undefined || (typeof used === 'object' && used !== null))
    throw new TemplateError('a function is not JSON');
  return ascii
    ? text.replaceAll(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : text;
}

/**
 * A plain value as templates work on it; what is undefined in a mapping is not in it. Throws for a Date, a Map and
 * their like, and calls them by their path.
 *
 * @example
 * fromPlain({ at: new Date() }, 'deploy')   // the value "deploy.at" is a Date, …
 */
export function fromPlain(value: unknown, path = ''): Value {
  if (value === null || isKept(value)) return value;
  if (Array.isArray(value)) return value.map((item, i) => fromPlain(item, `${path}[${i}]`));
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value;
  if (!isPlainObject(value)) throw new TemplateError(`the value "${path}" is ${nounOf(value)}: ${WANTED}`);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const below = path === '' ? '' : `${path}.`;
  return Dict.of(entries.map(([key, item]) => [key, fromPlain(item, `${below}${key}`)] as const));
}

/** What was read with Maps for mappings: keys of their own types, in the order in which they are written. */
function fromRead(value: unknown): Value {
  if (Array.isArray(value)) return value.map(fromRead);
  const entries =
    value instanceof Map ? [...value] : isPlainObject(value) ? Object.entries(value) : undefined;
  if (entries === undefined) return fromPlain(value);
  return Dict.of(entries.map(([key, item]) => [keyOf(fromPlain(key)), fromRead(item)] as const));
}

const WANTED = 'text, a number, true or false, null, a list or a plain object was wanted';

function nounOf(value: unknown): string {
  if (value === undefined) return 'undefined';
  return `a ${typeof value === 'object' ? value?.constructor.name : typeof value}`;
}

/** A plain value again. Throws where something is missing in it, or is a function. */
export function toPlain(value: Value): unknown {
  const used = defined(value);
  if (isList(used)) return used.map(toPlain);
  if (used instanceof Dict)
    return Object.fromEntries(used.entries().map(([key, item]) => [textKey(key), toPlain(item)]));
  if (used instanceof Numeral) return used.value;
  if (used instanceof Moment) return used.toJSON();
  if (used === null || typeof used !== 'object') return used;
  throw new TemplateError('a function is not a value');
}

function textKey(key: Value): string {
  return typeof key === 'string' ? key : typeof key === 'number' && !isFloat(key) ? String(key) : textOf(key);
}

function yaml(value: Value, given: Given, indent: number, flow: boolean | undefined): string {
  const start = given.flag('explicit_start') ? '---\n' : '';
  const said = given.get('default_flow_style');
  const style = {
    indent: numberOf(given.get('indent') ?? indent) ?? indent,
    width: numberOf(given.get('width') ?? 80) ?? 80,
    sort: given.get('sort_keys') !== false,
    flow: typeof said === 'boolean' ? said : flow,
  };
  return `${start}${yamlText(value, style)}`;
}
