import { randomBytes, webcrypto } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, QuorateError } from '../../errors.ts';
import { bytesIfAny, privateFolder, writeWhole } from '../../files.ts';
import { bundleDir, readBundles, revokedDir } from '../bundles.ts';
import { certificatesIn } from '../chain/chain.ts';
import type { PkiOptions } from '../config.ts';
import { elements } from '../der.ts';
import { library, type Revoked, signRevocations } from '../engine.ts';
import { caInUse, caKey } from './authority.ts';
import { caPassphrase } from './passphrase.ts';

/** A list of revoked certificates. */
export interface RevocationList {
  /** As every etcd reads it. */
  readonly der: Buffer;
  readonly entries: readonly Revoked[];
  /** Who has signed it, by name. */
  readonly issuer: string;
  /** For a CA that numbers its lists; ours does not. */
  readonly number: bigint | undefined;
  /** It has what came since another list, and nothing before. */
  readonly isDelta: boolean;
}

/** OIDs of extensions, RFC 5280, 5.2. */
const NUMBER = '2.5.29.20';
const DELTA = '2.5.29.27';

/** The list of revoked certificates on control: DER. */
export function crlPath(dir: string): string {
  return join(dir, 'crl.der');
}

/** Its bytes; undefined where nothing was ever revoked here. */
export function readCrl(dir: string): Promise<Buffer | undefined> {
  return bytesIfAny(crlPath(dir));
}

/** Takes the list on control apart; undefined where there is none. Throws 3 for what is not a list. */
export async function readList(dir: string): Promise<RevocationList | undefined> {
  const der = await readCrl(dir);
  if (der === undefined) return undefined;
  const list = await parseList(der);
  if (list) return list;
  throw new QuorateError(`${crlPath(dir)} is not a list of revoked certificates`, {
    exitCode: EXIT.refused,
    hint: 'restore it from a backup; or move it away: what the hosts have is taken in then',
  });
}

/** The list as one of `cas`, PEM, has signed it; undefined for what none of them has, or what is not a list. */
export async function listOf(der: Buffer, cas: readonly string[]): Promise<RevocationList | undefined> {
  const list = await parseList(der);
  if (list === undefined) return undefined;
  const x509 = await library();
  const crl = new x509.X509Crl(new Uint8Array(der));
  for (const one of cas.flatMap(certificatesIn)) {
    const { publicKey, subject } = new x509.X509Certificate(one.toString());
    if (subject !== list.issuer) continue;
    if (await crl.verify({ publicKey }, webcrypto).catch(() => false)) return list;
  }
  return undefined;
}

/**
 * Whether a list can stand in for another one: it has all that the other one has, or it is a later one of a CA that counts
 * its lists, and takes off them what has ended.
 */
export function covers(list: RevocationList, other: RevocationList): boolean {
  const { issuer, number } = list;
  if (number !== undefined && other.number !== undefined && issuer === other.issuer)
    return number >= other.number;
  return (
    list.der.equals(other.der) ||
    isOn(
      list,
      other.entries.map(({ serialNumber }) => serialNumber),
    )
  );
}

/** Whether all these serial numbers, in hex, are on a list. */
export function isOn({ entries }: RevocationList, serials: readonly string[]): boolean {
  const listed = new Set(entries.map(({ serialNumber }) => serialNumber));
  return serials.every((one) => listed.has(one));
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
  if (lists.length + serials.length === 0) return;
  const whole = lists.find((one) => isOn(one, serials) && lists.every((other) => covers(one, other)));
  if (whole !== undefined && whole === own) return;
  await layList(dir, whole?.der ?? (await signList(options, lists, serials)));
}

/** Makes this the list on control. */
export async function layList(dir: string, der: Buffer): Promise<void> {
  await writeWhole(crlPath(dir), der, { mode: 0o644 });
}

async function signList(
  { dir, trusted }: PkiOptions,
  lists: readonly RevocationList[],
  serials: readonly string[],
): Promise<Buffer> {
  const all = new Map<string, Revoked>();
  const revocationDate = new Date();
  const added = serials.map((serialNumber) => ({ serialNumber, revocationDate }));
  for (const one of [...lists.flatMap(({ entries }) => entries), ...added])
    if (!all.has(one.serialNumber)) all.set(one.serialNumber, one);
  const certPem = (await caInUse(dir, trusted))!;
  return signRevocations([...all.values()], { certPem, key: await caKey(dir, certPem, caPassphrase()) });
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

/** Takes a list apart, DER; undefined for what is none. */
export async function parseList(der: Buffer): Promise<RevocationList | undefined> {
  const x509 = await library();
  try {
    const { entries, issuer, extensions } = new x509.X509Crl(new Uint8Array(der));
    const listed = entries.map(({ serialNumber, revocationDate }) => ({
      serialNumber: serialNumber.replace(SIGN, ''),
      revocationDate,
    }));
    const number = extensions.find(({ type }) => type === NUMBER);
    return {
      ...{ der, entries: listed, issuer, number: number && integer(Buffer.from(number.value)) },
      isDelta: extensions.some(({ type }) => type === DELTA),
    };
  } catch {
    return undefined;
  }
}

/** What DER puts before a number whose first bit is set; nothing else shows a serial number with it. */
const SIGN = /^00(?=[89a-f])/i;

function integer(der: Buffer): bigint | undefined {
  const [first] = elements(der);
  return first && BigInt(`0x${first.content.toString('hex') || '0'}`);
}
