import { randomBytes } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { privateFolder, writeWhole } from '../../files.ts';
import { bundleDir, readBundles, revokedDir, serialsOf } from '../bundles.ts';
import type { PkiOptions } from '../config.ts';
import { signRevocations } from '../engine.ts';
import { parseCertificate } from '../parse.ts';
import { caInUse, caKey } from './authority.ts';
import { caPassphrase } from './passphrase.ts';

/** The list of revoked certificates on control: DER, which every etcd reads. */
export function crlPath(dir: string): string {
  return join(dir, 'crl.der');
}

/** Its bytes; undefined where nothing was ever revoked here. */
export async function readCrl(dir: string): Promise<Buffer | undefined> {
  return readFile(crlPath(dir)).catch(() => undefined);
}

/**
 * Puts every certificate that a client was ever given on the list, then sets its bundle aside. Cut off in between, it is
 * done again.
 */
export async function revokeBundle(options: PkiOptions, name: string): Promise<void> {
  const { dir, trusted } = options;
  const bundle = (await readBundles(dir)).find((one) => one.name === name);
  if (bundle === undefined) return;
  const caPem = (await caInUse(dir, trusted))!;
  const key = await caKey(dir, caPem, caPassphrase());
  const current = parseCertificate(bundle.certPem)!.serialNumber.toLowerCase();
  const serials = [...new Set([...(await serialsOf(bundle.folder)), current])];
  const list = await signRevocations(await readCrl(dir), serials, { key, certPem: caPem });
  await writeWhole(crlPath(dir), list, { mode: 0o644 });
  const aside = revokedDir(dir, `${name}-${current.slice(0, 8)}-${randomBytes(2).toString('hex')}`);
  await privateFolder(join(aside, '..'));
  await rename(bundleDir(dir, name), aside);
}
