import { keepMasked, Secret } from '../../dsl/secret.ts';
import { isSecret } from '../../secret-names.ts';
import { Moment } from '../variables/moment.ts';
import {
  hasTemplate,
  isRawList,
  isRawMapping,
  keyText,
  partsOf,
  type Raw,
  Unsafe,
  type Variable,
} from '../variables/value.ts';

/** Masks what is a secret by its name wherever it turns up: in a file's diff, in what a command says. */
export function keepNamedSecrets(name: string, value: Raw, is: typeof isSecret = isSecret): void {
  if (value instanceof Moment) {
    if (is(name, value.text)) keepMoment(value);
    return;
  }
  if (typeof value === 'string' && is(name, value) && !hasTemplate(value)) keepMasked(value);
  if (isRawMapping(value)) for (const [inner, one] of value) keepNamedSecrets(keyText(inner), one, is);
  if (isRawList(value)) for (const one of value) keepNamedSecrets(name, one, is);
}

/** Variables of a file that was encrypted: all text in them is masked from here on, whatever it is called. */
export function encryptedVariables(variables: readonly Variable[]): readonly Variable[] {
  for (const { value } of variables) keepAllSecrets(value);
  return variables.map((variable) => ({ ...variable, secret: true }));
}

/**
 * A variable that its role calls secret: whatever it holds is masked from here on, and a new file with it is its owner's
 * alone.
 */
export function keepDeclaredSecret(value: unknown): void {
  // Each line is a secret of its own: a file may have them indented.
  if (typeof value === 'string' || typeof value === 'number')
    for (const line of String(value).split('\n')) new Secret(line);
  if (typeof value !== 'object' || value === null) return;
  for (const one of Object.values(value)) keepDeclaredSecret(one);
}

/** A variable of a role that is a secret by its name, or has one within: a new file with it is its owner's alone. */
export function guardNamedSecrets(name: string, value: unknown): void {
  if (typeof value === 'object' && value !== null) {
    for (const [inner, one] of Object.entries(value))
      guardNamedSecrets(Array.isArray(value) ? name : inner, one);
  } else if (typeof value === 'string' && isSecret(name, value)) keepDeclaredSecret(value);
}

/** As it is written, and as it is shown. */
function keepMoment(moment: Moment): void {
  keepMasked(moment.text);
  keepMasked(moment.toJSON());
}

function keepAllSecrets(value: Raw): void {
  if (value instanceof Moment) {
    keepMoment(value);
    return;
  }
  const text = value instanceof Unsafe ? value.text : value;
  if (typeof text === 'string' && !hasTemplate(text)) keepMasked(text);
  for (const one of partsOf(value)) keepAllSecrets(one);
}
