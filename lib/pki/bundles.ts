import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { privateFolder, readIfAny, writeWhole } from '../files.ts';
import { readPair } from './pairs.ts';
import { parseCertificate } from './parse.ts';

/** A client's certificate and what it is told to trust, as they lie on control. */
export interface ClientBundle {
  readonly name: string;
  readonly folder: string;
  readonly certPem: string;
  readonly caPem: string | undefined;
}

/** Where the bundle of a client is kept: `ca.pem`, `NAME.pem`, `NAME-key.pem`. */
export function bundleDir(dir: string, name: string): string {
  return join(dir, 'clients', name);
}

/** Where the bundle of a client whose certificates were revoked is kept. */
export function revokedDir(dir: string, name: string): string {
  return join(dir, 'revoked', name);
}

/** Every serial number that a client was given, in hex: one that was renewed is valid until its end. */
export async function serialsOf(folder: string): Promise<readonly string[]> {
  return ((await readIfAny(join(folder, SERIALS))) ?? '').split('\n').filter(Boolean);
}

/** Notes the serial number of a certificate before it is handed out. */
export async function noteSerial(folder: string, certPem: string): Promise<void> {
  const serial = parseCertificate(certPem)?.serialNumber.toLowerCase();
  if (serial === undefined) return;
  const all = new Set([...(await serialsOf(folder)), serial]);
  await privateFolder(folder);
  await writeWhole(join(folder, SERIALS), [...all, ''].join('\n'), { mode: 0o600 });
}

const SERIALS = 'serials';

/** A client of this name was there once, and its certificates are revoked. */
export async function wasRevoked(dir: string, name: string): Promise<boolean> {
  const names = await readdir(join(dir, 'revoked')).catch(() => []);
  return names.some((one) => /^(.+)-[0-9a-f]{8}-[0-9a-f]{4}$/.exec(one)?.[1] === name);
}

/** The bundles of a folder, by name; without those that are not whole. */
export async function readBundles(dir: string): Promise<readonly ClientBundle[]> {
  const names = await readdir(join(dir, 'clients')).catch(() => []);
  const found = await Promise.all(
    names.sort().map(async (name) => {
      const folder = bundleDir(dir, name);
      const [pair, caPem] = await Promise.all([readPair(folder, name), readIfAny(join(folder, 'ca.pem'))]);
      return pair && { name, folder, certPem: pair.certPem, caPem };
    }),
  );
  return found.flatMap((one) => one ?? []);
}
