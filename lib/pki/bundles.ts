import { join } from 'node:path';
import { namesIfAny, privateFolder, readIfAny, writeWhole } from '../files.ts';
import { parseCertificate } from './parse.ts';

/** A client's certificate and what it is told to trust, as they lie on control. */
export interface ClientBundle {
  readonly name: string;
  readonly folder: string;
  /** undefined where it was cut off before there was one. */
  readonly certPem: string | undefined;
  readonly caPem: string | undefined;
  /** Its key is on this machine: version control has none. */
  readonly hasKey: boolean;
  /** Serial numbers of every certificate that it was given, in hex, the latest last; never empty. */
  readonly serials: readonly string[];
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
async function serialsOf(folder: string): Promise<readonly string[]> {
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
  const names = (await namesIfAny(join(dir, 'revoked'))) ?? [];
  return names.some((one) => /^(.+)-[0-9a-f]{8}-[0-9a-f]{4}$/.exec(one)?.[1] === name);
}

/** The bundles of a folder, by name: whoever was given a certificate is a client, wherever its key is. */
export async function readBundles(dir: string): Promise<readonly ClientBundle[]> {
  const names = (await namesIfAny(join(dir, 'clients'))) ?? [];
  return (await Promise.all(names.map((name) => readBundle(dir, name)))).flatMap((one) => one ?? []);
}

/** Puts what clients are to trust into every bundle, PEM. */
export async function tellBundles(dir: string, trusts: string): Promise<void> {
  for (const { folder } of await readBundles(dir))
    await writeWhole(join(folder, 'ca.pem'), trusts, { mode: 0o644 });
}

async function readBundle(dir: string, name: string): Promise<ClientBundle | undefined> {
  const folder = bundleDir(dir, name);
  const [certPem, key, caPem, noted] = await Promise.all([
    readIfAny(join(folder, `${name}.pem`)),
    readIfAny(join(folder, `${name}-key.pem`)),
    readIfAny(join(folder, 'ca.pem')),
    serialsOf(folder),
  ]);
  const certificate = certPem === undefined ? undefined : parseCertificate(certPem);
  const current = certificate?.serialNumber.toLowerCase();
  const serials = [...noted.filter((one) => one !== current), ...(current === undefined ? [] : [current])];
  if (serials.length === 0) return undefined;
  return {
    ...{ name, folder, caPem, serials },
    certPem: certificate && certPem,
    hasKey: key !== undefined,
  };
}
