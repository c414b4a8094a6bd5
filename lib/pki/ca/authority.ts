import type { KeyObject, X509Certificate } from 'node:crypto';
import { dirname, join } from 'node:path';
import { commandLine } from '../../command-line.ts';
import { Secret } from '../../dsl/secret.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { privateFile, privateFolder, readIfAny, writeWhole } from '../../files.ts';
import { certificatesIn, chainProblem, isIssuedBy, placeOfKey } from '../chain/chain.ts';
import type { PkiConfig, PkiOptions } from '../config.ts';
import { encryptedKeyPem, isEncrypted, isWellEncrypted } from '../encrypt.ts';
import { signCertificate, signRequest } from '../engine.ts';
import { keyPem, newKey, readKey } from '../keys.ts';
import { lifeFromNow } from '../life.ts';
import { parseCertificate } from '../parse.ts';
import type { CertificatePlan } from '../profile.ts';
import { caPath, fingerprint, readCa } from './ca.ts';
import { caPassphrase } from './passphrase.ts';

const KEY = 'ca-key.pem';

/**
 * The CA's certificate, made when there is none. Whoever comes second finds the first one's: the key takes
 * its place durably and once, the certificate after it and once. A key without a certificate is where a
 * run was cut off, and is used.
 */
export async function ensureCaFiles(
  dir: string,
  config: PkiConfig,
  passphrase?: Secret,
  trusted?: string,
): Promise<string> {
  const found = await caInUse(dir, trusted);
  if (found !== undefined) return found;
  const plan = caPlan(config);
  await writeIgnore(dir, false);
  const path = join(dir, KEY);
  if ((await readIfAny(path)) === undefined) {
    const fresh = await newKey(config.ca.key);
    const text = passphrase ? await encryptedKeyPem(fresh, passphrase) : keyPem(fresh).reveal();
    await writeWhole(path, text, { mode: 0o600, exclusive: true });
  }
  const key = await storedKey(dir, passphrase);
  const pem = await signCertificate(plan, key!, { key: key! });
  await writeWhole(join(dir, 'ca.csr'), await signRequest(plan, key!), { mode: 0o644 });
  await writeWhole(caPath(dir), pem, { mode: 0o644, exclusive: true });
  return (await readCa(dir))!;
}

/** The CA's certificate; undefined when there is none and one may be made. */
export async function caInUse(dir: string, trusted?: string): Promise<string | undefined> {
  const found = await readCa(dir);
  if (found !== undefined) checkCa(found, dir);
  else if (trusted !== undefined) throw lost(caPath(dir), trusted);
  return found;
}

/** Until when a CA that is made now lasts. */
export function newCaEnd(config: PkiConfig): Date {
  return caPlan(config).notAfter;
}

/** The CA's key, to sign with. One that is lost is not replaced: every member trusts the old one. */
export async function caKey(dir: string, caPem: string, passphrase?: Secret): Promise<KeyObject> {
  return keyOf(caPem, dir, await storedKey(dir, passphrase));
}

/** Fails where the key could not be had to sign with; of a CA that is to be made, where one is there already. */
export async function requireKey(dir: string, caPem: string | undefined, passphrase?: Secret): Promise<void> {
  const path = join(dir, KEY);
  const text = await readIfAny(path);
  const key = text === undefined ? undefined : readKey(text, path, passphrase);
  if (caPem !== undefined) keyOf(caPem, dir, key);
}

/** Why nothing can be signed here; undefined where it can. Reads only. */
export async function whyUnsigned({ dir, trusted }: PkiOptions): Promise<string | undefined> {
  try {
    const caPem = await caInUse(dir, trusted);
    await requireKey(dir, caPem, caPassphrase());
    return undefined;
  } catch (error) {
    if (error instanceof QuorateError) return error.message;
    throw error;
  }
}

function keyOf(caPem: string, dir: string, key: KeyObject | undefined): KeyObject {
  if (!key) throw lost(join(dir, KEY), caPem);
  const place = placeOfKey(caPem, (certificate) => certificate.checkPrivateKey(key));
  if (place !== undefined && place > 0) {
    throw new QuorateError(`${caPath(dir)} has the certificate of ${join(dir, KEY)} in place ${place + 1}`, {
      exitCode: EXIT.refused,
      hint: 'put it first, then the CAs above it, the root last',
    });
  }
  requireChain(caPem, dir);
  const issuer = parseCertificate(caPem);
  if (issuer && hasEnded(issuer)) throw unfit(dir, ended(issuer));
  if (place === undefined) {
    throw new QuorateError(
      `${join(dir, KEY)} is not the key of ${caPath(dir)} (SHA-256 ${fingerprint(caPem)})`,
      {
        exitCode: EXIT.refused,
        hint: 'restore the two that belong together',
      },
    );
  }
  return key;
}

function lost(path: string, caPem: string): QuorateError {
  return new QuorateError(
    `${path} is missing: no certificate can be issued under the CA in use (SHA-256 ${fingerprint(caPem)})`,
    {
      exitCode: EXIT.refused,
      hint: `copy the folder ${dirname(path)} from who made the cluster, or from a backup; another CA is not made in place of one that is trusted. For a CA whose key is elsewhere: ${commandLine('certs')} --csr DIR`,
    },
  );
}

/**
 * Reads the key, which somebody may have brought here from elsewhere: it is made its owner's only and kept
 * out of version control. One that lies open although there is a passphrase, or whose passphrase is cheap to guess,
 * is encrypted in its place.
 */
async function storedKey(dir: string, passphrase?: Secret): Promise<KeyObject | undefined> {
  const path = join(dir, KEY);
  const text = await readIfAny(path);
  if (text === undefined) return undefined;
  await privateFile(path);
  if (!isEncrypted(text)) new Secret(text);
  const key = readKey(text, path, passphrase);
  if (passphrase && !isWellEncrypted(text)) {
    await writeWhole(path, await encryptedKeyPem(key, passphrase), { mode: 0o600 });
  }
  await writeIgnore(dir, passphrase !== undefined);
  return key;
}

/** Throws 3 for a CA file under which nothing useful can be issued. */
export function requireChain(caPem: string, dir: string): void {
  const problem = chainProblem(caPem);
  if (problem === undefined) return;
  throw new QuorateError(`${caPath(dir)} ${problem.message}`, {
    exitCode: EXIT.refused,
    hint: problem.hint,
  });
}

/** An intermediate may have ended: what comes from others under its root shows those after itself. */
function checkCa(pem: string, dir: string): void {
  const [first, ...above] = certificatesIn(pem);
  const isUp = above.some((one) => isIssuedBy(one, one) && !hasEnded(one));
  const problem = !first
    ? 'is not a certificate'
    : !first.ca
      ? 'is not the certificate of a CA'
      : hasEnded(first) && !isUp
        ? ended(first)
        : undefined;
  if (problem) throw unfit(dir, problem);
}

function unfit(dir: string, problem: string): QuorateError {
  return new QuorateError(`${caPath(dir)} ${problem}`, {
    exitCode: EXIT.refused,
    hint: 'restore it from a backup; while members still live under it, a rotation makes another one',
  });
}

function hasEnded({ validTo }: X509Certificate): boolean {
  return new Date(validTo) <= new Date();
}

function ended({ validTo }: X509Certificate): string {
  return `expired ${new Date(validTo).toISOString().slice(0, 10)}`;
}

function caPlan({ ca }: PkiConfig): CertificatePlan {
  return {
    ...lifeFromNow(ca, 'the CA'),
    subject: ca.subject,
    names: [],
    usages: ['cert sign', 'crl sign'],
    ca: { pathLength: ca.pathLength },
  };
}

/** Keys stay out of version control, except a CA key that is encrypted. */
export async function writeIgnore(dir: string, encrypted: boolean): Promise<void> {
  await privateFolder(dir);
  const path = join(dir, '.gitignore');
  const open = '*-key.pem\n.*.tmp\n';
  const text = encrypted ? `${open}!/ca-key.pem\n` : open;
  const found = await readIfAny(path);
  if (found === undefined || (encrypted && found === open)) await writeWhole(path, text, { mode: 0o644 });
}
