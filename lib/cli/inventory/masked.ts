import { redact } from '../../dsl/secret.ts';
import { isKept } from '../../inventory/variables/value.ts';
import { isPrivate, MASK } from '../../secret-names.ts';
import { isKeyText, maskText } from '../../secret-texts.ts';

/** A value as it may be shown; `secret` is for one that stands in an encrypted file. */
export type Show = (name: string, value: unknown, secret?: boolean) => unknown;

/** Masks secrets, however deep they lie: by their name, by where they stand, and those known from elsewhere. */
export function shower(showSecrets: boolean): Show {
  return showSecrets ? (_, value) => value : masked;
}

function masked(name: string, value: unknown, secret = false): unknown {
  const hidden = secret || isPrivate(name);
  if (typeof value === 'string') {
    if (isReference(value)) return value;
    return hidden || isKeyText(value) ? MASK : maskText(redact(value));
  }
  if (typeof value === 'number' || isKept(value))
    return hidden || redact(String(value)) !== String(value) ? MASK : value;
  if (Array.isArray(value)) return value.map((item) => masked(name, item, secret));
  if (typeof value !== 'object' || value === null || '__ansible_vault' in value) return value;
  // What stands below a private name is as private, whatever its own.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(key, item, hidden)]));
}

/** A template of names alone gives nothing away. */
function isReference(text: string): boolean {
  return /^\{\{[\s\w.|]*\}\}$/.test(text);
}
