import { randomBytes, webcrypto } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, QuorateError } from '../../errors.ts';
import { bytesIfAny, privateFolder, writeWhole } from '../../files.ts';
import { bundleDir, readBundles, revokedDir } from '../bundles.ts';
import { certificatesIn } from '../chain/chain.ts';
import type { PkiOptions } from '../config.ts';
import { library, type Revoked, signRevocations } from '../engine.ts';
import { caInUse, caKey } from './authority.ts';
import { caPassphrase } from './passphrase.ts';

/** A list of revoked certificates. */
export interface RevocationList {
  /** As every etcd reads it. */
  readonly der: Buffer;
  readonly entries: readonly Revoked[];
}

/** The list of revoked certificates on control: DER. */
export function crlPath(dir: string): string {
  return join(dir, 'crl.der');
}

/** Its bytes; undefined where nothing was ever revoked here. */
export function readCrl(dir: string): Promise<Buffer | undefined> {
  return bytesIfAny(crlPath(dir));
}

/** Takes the list on control apart; undefined where there is none. Throws 3 for what is no list. */
export async function readList(dir: string): Promise<RevocationList | undefined> {
  const der = await readCrl(dir);
  if (der === undefined) return undefined;
  const list = await parseList(der);
  if (list) return list;
  throw new QuorateError(`${crlPath(dir)} is no list of revoked certificates`, {
    exitCode: EXIT.refused,
    hint: 'restore it from a backup; or move it away: what the hosts have is taken in then',
  });
}

/** The list as one of `cas`, PEM, has signed it; undefined for what none of them has, or what is no list. */
export async function listOf(der: Buffer, cas: readonly string[]): Promise<RevocationList | undefined> {
  const list = await parseList(der);
  if (list === undefined) return undefined;
  const x509 = await library();
  const crl = new x509.X509Crl(new Uint8Array(der));
  for (const one of cas.flatMap(certificatesIn)) {
    const { publicKey } = new x509.X509Certificate(one.toString());
    if (await crl.verify({ publicKey }, webcrypto).catch(() => false)) return list;
  }
  return undefined;
}

/** Whether a list has every certificate that another one has. */
export function hasAll(list: RevocationList, { entries }: RevocationList): boolean {
  const serials = new Set(list.entries.map(({ serialNumber }) => serialNumber));
  return entries.every(({ serialNumber }) => serials.has(serialNumber));
}

/**
 * Makes the list on control have what `others` have, and `serials` in hex: the list of revoked certificates only ever
 * grows. One of them that has it all is taken as it is, else another one is signed: throws 3 without the CA's key.
 */
export async function takeInLists(
  options: PkiOptions,
  others: readonly RevocationList[],
  serials: readonly string[] = [],
): Promise<void> {
  const { dir } = options;
  const own = await readList(dir);
  const lists = own ? [own, ...others] : others;
  const all = new Map<string, Revoked>();
  const revocationDate = new Date();
  const added = serials.map((serialNumber) => ({ serialNumber, revocationDate }));
  for (const one of [...lists.flatMap(({ entries }) => entries), ...added])
    if (!all.has(one.serialNumber)) all.set(one.serialNumber, one);
  // A list of another program may name one twice.
  const whole = lists.find(
    ({ entries }) => new Set(entries.map(({ serialNumber }) => serialNumber)).size === all.size,
  );
  if (whole !== undefined && whole === own) return;
  if (whole === undefined && all.size === 0) return;
  const der = whole?.der ?? (await signList(options, [...all.values()]));
  await writeWhole(crlPath(dir), der, { mode: 0o644 });
}

async function signList({ dir, trusted }: PkiOptions, entries: readonly Revoked[]): Promise<Buffer> {
  const certPem = (await caInUse(dir, trusted))!;
  return signRevocations(entries, { certPem, key: await caKey(dir, certPem, caPassphrase()) });
}

/**
 * Puts every certificate that a client was ever given on the list, beside what is on `others`, then sets its bundle aside.
 * Cut off in between, it is done again.
 */
export async function revokeBundle(
  options: PkiOptions,
  name: string,
  others: readonly RevocationList[] = [],
): Promise<void> {
  const { dir } = options;
  const bundle = (await readBundles(dir)).find((one) => one.name === name);
  if (bundle === undefined) return;
  await takeInLists(options, others, bundle.serials);
  const last = bundle.serials.at(-1)!.slice(0, 8);
  const aside = revokedDir(dir, `${name}-${last}-${randomBytes(2).toString('hex')}`);
  await privateFolder(join(aside, '..'));
  await rename(bundleDir(dir, name), aside);
}

async function parseList(der: Buffer): Promise<RevocationList | undefined> {
  const x509 = await library();
  try {
    const { entries } = new x509.X509Crl(new Uint8Array(der));
    const listed = entries.map(({ serialNumber, revocationDate }) => ({ serialNumber, revocationDate }));
    return { der, entries: listed };
  } catch {
    return undefined;
  }
}
