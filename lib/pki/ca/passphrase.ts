import { Secret } from '../../dsl/secret.ts';
import { EXIT, QuorateError } from '../../errors.ts';

/** Where the passphrase of the CA's key comes from. */
const VARIABLE = 'QUORATE_CA_PASSPHRASE';

/** An encrypted key may be committed and shared, where anybody has time to guess. */
const LEAST = 12;

/** The passphrase that the environment names; undefined without one. Throws 1 for one that is soon guessed. */
export function caPassphrase(): Secret | undefined {
  const text = process.env[VARIABLE];
  if (!text) return undefined;
  const passphrase = new Secret(text);
  if ([...text].length >= LEAST) return passphrase;
  throw new QuorateError(`${VARIABLE} has fewer than ${LEAST} characters: it is soon guessed`, {
    exitCode: EXIT.usage,
    hint: `take ${LEAST} or more; openssl pkcs8 -topk8 -scrypt -in ca-key.pem -out NEW gives a key that has it already a new one`,
  });
}
