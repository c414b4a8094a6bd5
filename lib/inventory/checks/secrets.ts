import { Secret } from '../../dsl/secret.ts';
import { isSecret } from '../../secret-names.ts';
import { Moment } from '../variables/moment.ts';
import { hasTemplate, type Raw, Unsafe, type Variable, Vaulted } from '../variables/value.ts';

/** Masks what is a secret by its name wherever it turns up: in a file's diff, in what a command says. */
export function keepNamedSecrets(name: string, value: Raw, is: typeof isSecret = isSecret): void {
  if (value instanceof Moment) {
    if (is(name, value.text)) keepMoment(value);
    return;
  }
  if (typeof value === 'string' && is(name, value) && !hasTemplate(value)) new Secret(value);
  if (typeof value !== 'object' || value === null || value instanceof Vaulted) return;
  for (const [inner, one] of Object.entries(value))
    keepNamedSecrets(Array.isArray(value) ? name : inner, one as Raw, is);
}

/** Variables of a file that was encrypted: all text in them is masked from here on, whatever it is called. */
export function encryptedVariables(variables: readonly Variable[]): readonly Variable[] {
  for (const { value } of variables) keepAllSecrets(value);
  return variables.map((variable) => ({ ...variable, secret: true }));
}

/** A variable that its role calls secret: whatever it holds is masked from here on. */
export function keepDeclaredSecret(value: unknown): void {
  if (typeof value === 'string' || typeof value === 'number') new Secret(String(value));
  if (typeof value !== 'object' || value === null) return;
  for (const one of Object.values(value)) keepDeclaredSecret(one);
}

/** As it is written, and as it is shown. */
function keepMoment(moment: Moment): void {
  new Secret(moment.text);
  new Secret(moment.toJSON());
}

function keepAllSecrets(value: Raw): void {
  if (value instanceof Moment) {
    keepMoment(value);
    return;
  }
  const text = value instanceof Unsafe ? value.text : value;
  if (typeof text === 'string' && !hasTemplate(text)) new Secret(text);
  if (typeof value !== 'object' || value === null) return;
  for (const one of Object.values(value)) keepAllSecrets(one as Raw);
}
