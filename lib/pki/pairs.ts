import { createPrivateKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { Secret } from '../dsl/secret.ts';
import { privateFolder, readIfAny, writeWhole } from '../files.ts';
import { keyPem } from './keys.ts';
import { parseCertificate } from './parse.ts';

/** A certificate and its key, as they are handed out. */
export interface Pair {
  readonly certPem: string;
  readonly keyPem: Secret;
}

/** A stored certificate with the key that belongs to it; undefined when either lacks or they do not match. */
export async function readPair(folder: string, name: string): Promise<Pair | undefined> {
  const [certPem, key] = await Promise.all([
    readIfAny(join(folder, `${name}.pem`)),
    readIfAny(join(folder, `${name}-key.pem`)),
  ]);
  if (certPem === undefined || key === undefined) return undefined;
  const secret = new Secret(key);
  try {
    return parseCertificate(certPem)?.checkPrivateKey(createPrivateKey(key))
      ? { certPem, keyPem: secret }
      : undefined;
  } catch {
    return undefined;
  }
}

/** The key of a pair, also where its certificate is yet to come; undefined where there is none that can be read. */
export async function readStoredKey(folder: string, name: string): Promise<KeyObject | undefined> {
  const text = await readIfAny(join(folder, `${name}-key.pem`));
  if (text === undefined) return undefined;
  try {
    return createPrivateKey(new Secret(text).reveal());
  } catch {
    return undefined;
  }
}

/** The pair that the playbooks themselves show; undefined when this machine has none. */
export function readClientPair(dir: string): Promise<Pair | undefined> {
  return readPair(dir, 'client');
}

/** Stores a pair, the key first: a certificate never stands there without the key to it. */
export async function writePair(
  folder: string,
  name: string,
  made: { readonly certPem: string; readonly key: KeyObject; readonly csrPem?: string },
): Promise<Pair> {
  const secret = keyPem(made.key);
  await privateFolder(folder);
  await writeWhole(join(folder, `${name}-key.pem`), secret.reveal(), { mode: 0o600 });
  if (made.csrPem) await writeWhole(join(folder, `${name}.csr`), made.csrPem, { mode: 0o644 });
  await writeWhole(join(folder, `${name}.pem`), made.certPem, { mode: 0o644 });
  return { certPem: made.certPem, keyPem: secret };
}
