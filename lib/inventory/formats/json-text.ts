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
  return /^-?\d+(\.\d+)?e[-+]?\d+$/i.test(text) ? float(Number(text)) : scalarOf(text);
}

/** `JSON.parse`, with a `Numeral` for what JavaScript's numbers do not hold. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => {
    const isNumeral = JSON_NUMBER.test(token) && numeral(token) instanceof Numeral;
    return isNumeral ? `{"\\u0001":"${token}"}` : token;
  });
  if (marked === text) return JSON.parse(text);
  return JSON.parse(marked, (_, value) => {
    const token = typeof value === 'object' && value !== null ? value[MARK] : undefined;
    return typeof token === 'string' ? numeral(token) : value;
  });
}

const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;

/** The key of what stands for a number. */
const MARK = '\u0001';

/** JSON with so many spaces, where a `Numeral` is the number that it is. */
export function jsonOf(value: unknown, indent: number): string {
  const marked = JSON.stringify(
    value,
    function (this: Readonly<Record<string, unknown>>, key, one) {
      const held = this[key];
      return held instanceof Numeral ? `${MARK}${held.text}` : one;
    },
    indent,
  );
  return marked.replaceAll(/"\\u0001([-+.\de]+)"/g, '$1');
}

function parsed(text: string): { readonly value: unknown } | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return { value: parseJson(text) };
  } catch {
    return undefined;
  }
}
