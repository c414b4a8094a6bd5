import { isPlainObject } from '../../dsl/common/plain-object.ts';
import { float, Numeral, numeral, type Raw } from '../variables/value.ts';
import { scalarOf } from './yaml-scalars.ts';

/** Whether a text is JSON, which Ansible tries before YAML. */
export function isJson(text: string): boolean {
  return parsed(text) !== undefined;
}

/** JSON that YAML's parser does not take, such as one that is indented by tabs. */
export function asJson(text: string): string | undefined {
  const found = parsed(text);
  const json = found && jsonOf(found.value, 1);
  return json === text ? undefined : json;
}

/** A plain scalar of JSON: more is a number there than in YAML 1.1, `1e3`. */
export function jsonScalar(text: string): Raw {
  return EXPONENT.test(text) || NOT_FINITE.test(text) ? float(Number(text)) : scalarOf(text);
}

const EXPONENT = /^-?\d+(\.\d+)?e[-+]?\d+$/i;

/** What Python's `json` writes, and reads, besides JSON. */
const NOT_FINITE = /^(-?Infinity|NaN)$/;

/**
 * `JSON.parse` as Python's, with a `Numeral` for what JavaScript's numbers do not hold. Throws SyntaxError.
 *
 * @param options.ordered Mappings with a key that JavaScript would sort to the front (`"9"`) come as Maps; false.
 */
export function parseJson(text: string, { ordered = false } = {}): unknown {
  const marked = text.replace(
    /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d[\d.eE+-]*|-?Infinity|NaN/g,
    (token, quoted?: string, colon?: string) => {
      if (quoted !== undefined)
        return ordered && colon !== undefined && WHOLE.test(quoted) ? `"\\u0001${token.slice(1)}` : token;
      const isNumeral =
        NOT_FINITE.test(token) || (JSON_NUMBER.test(token) && numeral(token) instanceof Numeral);
      return isNumeral ? `{"\\u0001":"${token}"}` : token;
    },
  );
  if (marked === text) return JSON.parse(text);
  return JSON.parse(marked, (_, value) => {
    if (!isPlainObject(value)) return value;
    const token = value[MARK];
    if (typeof token === 'string') return numeral(token);
    const entries = Object.entries(value);
    if (!entries.some(([key]) => key.startsWith(MARK))) return value;
    return new Map(entries.map(([key, one]) => [key.startsWith(MARK) ? key.slice(1) : key, one]));
  });
}

/** JavaScript has such keys before all others, in the order of their numbers. */
const WHOLE = /^"(0|[1-9]\d*)"$/;

const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;

/** The key of what stands for a number. */
const MARK = '\u0001';

/** JSON indented by this many spaces, where a `Numeral` is the number that it is; null for what JSON has no number for. */
export function jsonOf(value: unknown, indent: number): string {
  return written(value, indent, (one) => (one instanceof Numeral ? one.text : undefined));
}

/** The same as Python writes it, which has `Infinity` and `NaN`. */
export function pythonJson(value: unknown, indent: number): string {
  const numberless = (one: unknown) => typeof one === 'number' && !Number.isFinite(one);
  return written(value, indent, (one) =>
    one instanceof Numeral ? one.text : numberless(one) ? String(one) : undefined,
  );
}

/** JSON in which what `bare` gives stands without quotes. */
function written(value: unknown, indent: number, bare: (one: unknown) => string | undefined): string {
  const marked = JSON.stringify(
    value,
    function (this: Readonly<Record<string, unknown>>, key, one) {
      const text = bare(this[key]);
      return text === undefined ? one : `${MARK}${text}`;
    },
    indent,
  );
  return marked?.replaceAll(/"\\u0001([-+.\w]+)"/g, '$1');
}

function parsed(text: string): { readonly value: unknown } | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return { value: parseJson(text) };
  } catch {
    return undefined;
  }
}
