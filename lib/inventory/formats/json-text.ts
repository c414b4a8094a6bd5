import type { Raw } from '../value.ts';
import { scalarOf } from './yaml-scalars.ts';

/** Whether a text is JSON, which Ansible tries before YAML. */
export function isJson(text: string): boolean {
  return parsed(text) !== undefined;
}

/** JSON that YAML's parser does not take, such as one that is indented by tabs. */
export function asJson(text: string): string | undefined {
  const found = parsed(text);
  const json = found && JSON.stringify(found.value, null, 1);
  return json === text ? undefined : json;
}

/** A plain scalar of JSON: more is a number there than in YAML 1.1, `1e3`. */
export function jsonScalar(text: string): Raw {
  return /^-?\d+(\.\d+)?e[-+]?\d+$/i.test(text) ? Number(text) : scalarOf(text);
}

function parsed(text: string): { readonly value: unknown } | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
