import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { namesIfAny, readIfAny } from '../../files.ts';
import { parseCertificate } from '../parse.ts';

/** The PEM of the CA on control; undefined when there is none. */
export function readCa(dir: string): Promise<string | undefined> {
  return readIfAny(caPath(dir));
}

export function caPath(dir: string): string {
  return join(dir, 'ca.pem');
}

/**
 * A folder that has something, and nothing that a PKI is made of: it is somebody's, and not to be closed to others and
 * written to.
 */
export async function isForeignFolder(dir: string): Promise<boolean> {
  const names = (await namesIfAny(dir)) ?? [];
  return (
    names.length > 0 &&
    !names.some((name) => /^\.gitignore$|\.(pem|csr)$|^[\w-]*(csr|config)\.json$/.test(name))
  );
}

/** The SHA-256 of a certificate, in hex: of its DER, as openssl shows it. */
export function fingerprint(pem: string): string {
  const cert = parseCertificate(pem);
  return createHash('sha256')
    .update(cert?.raw ?? pem)
    .digest('hex');
}

/** The SHA-256 of every certificate in a CA file, in hex and sorted: the same for files that trust the same. */
export function fingerprints(bundle: string): readonly string[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [bundle];
  return [...new Set(blocks.map(fingerprint))].sort();
}
