import type { Secret } from '../dsl/secret.ts';
import { signCertificate } from './engine.ts';
import { keyPem, newKey, parseKeyType } from './keys.ts';
import { BACKDATE, lifeFromNow } from './life.ts';
import { alternativeNames } from './names.ts';

/** A certificate for these names, the first of which it is called by, that is its own issuer; and its key. */
export async function issueSelfSigned(
  names: readonly string[],
  { expiry, keyType }: { readonly expiry: number; readonly keyType: string },
): Promise<{ readonly certPem: string; readonly keyPem: Secret }> {
  const key = await newKey(parseKeyType(keyType));
  const plan = {
    subject: [['CN', (names[0] ?? '').slice(0, 64)]] as const,
    names: alternativeNames(names),
    usages: ['signing', 'key encipherment', 'server auth', 'client auth'],
    ...lifeFromNow({ expiry: expiry + BACKDATE, backdate: BACKDATE }, 'a certificate'),
  };
  return { certPem: await signCertificate(plan, key, { key }), keyPem: keyPem(key) };
}
