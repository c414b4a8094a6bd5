import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, QuorateError } from '../../errors.ts';
import { namesIfAny, privateFolder, readIfAny, writeWhole } from '../../files.ts';
import { certificatesIn, isIssuedBy, nameOf } from '../chain/chain.ts';
import type { PkiOptions } from '../config.ts';
import { ensureCaFiles, requireChain, whyUnsigned, writeIgnore } from './authority.ts';
import { caPath, fingerprint, fingerprints, readCa } from './ca.ts';
import { caPassphrase } from './passphrase.ts';

const FILES = [
  ['ca-key.pem', 0o600],
  ['ca.csr', 0o644],
  ['ca.pem', 0o644],
] as const;

/** The CA that is to come: it lies apart, and issues nothing. */
function nextDir(dir: string): string {
  return join(dir, 'next');
}

/** What clients are to trust while two CAs are in use. */
export function bundlePath(dir: string): string {
  return join(dir, 'ca-bundle.pem');
}

/** The PEM of the CA that is to come; undefined when there is none. */
export function readNextCa(dir: string): Promise<string | undefined> {
  return readCa(nextDir(dir));
}

/**
 * The CA that is to come was put here without its key, which is elsewhere. One that was made here has left a request, so
 * its key is lost.
 */
export function isNextElsewhere(dir: string): boolean {
  const has = (name: string) => existsSync(join(nextDir(dir), name));
  return has('ca.pem') && !has('ca-key.pem') && !has('ca.csr');
}

/** Throws 3 where the file of the CA that is to come is not who signs, then those above, the root last. */
export async function requireNextChain(dir: string): Promise<void> {
  const next = nextDir(dir);
  const pem = (await readCa(next)) ?? '';
  const [first, ...others] = certificatesIn(pem);
  const below = first && others.find((one) => isIssuedBy(one, first));
  if (below !== undefined) {
    throw new QuorateError(`${caPath(next)} has the CA of ${nameOf(below)} before it`, {
      exitCode: EXIT.refused,
      hint: 'put who signs for the cluster first, then the CAs above it, the root last',
    });
  }
  requireChain(pem, next);
}

/**
 * Makes the CA that is to come, beside the one in use; one that lies there (`next/ca.pem`, with its key or without) is
 * taken. Gives its PEM.
 */
export async function makeNextCa(options: PkiOptions): Promise<string> {
  const { readConfig } = await import('../cfssl/cfssl.ts');
  const dir = nextDir(options.dir);
  // Where the CA in use is lost it holds nothing else yet, and is still ours.
  await writeIgnore(options.dir, false);
  const { trusted: _, ...fresh } = options;
  const made = await ensureCaFiles(dir, readConfig(fresh), caPassphrase());
  const current = await readCa(options.dir);
  if (current !== undefined && fingerprint(current) === fingerprint(made)) {
    throw new QuorateError(`${caPath(dir)} is the CA that is in use`, {
      exitCode: EXIT.refused,
      hint: `remove ${dir}, and another one is made`,
    });
  }
  return made;
}

/** Why the CA that is to come, or is the one in use by now, cannot sign here; undefined where it can. Reads only. */
export async function whyNextUnsigned({ trusted: _, ...options }: PkiOptions): Promise<string | undefined> {
  const isReady = (await readNextCa(options.dir)) !== undefined;
  return whyUnsigned(isReady ? { ...options, dir: nextDir(options.dir) } : options);
}

/**
 * Makes the CA that was to come the one that issues. The one before is kept in `previous/`, with its key, which goes from
 * its place also where the key of the new one is elsewhere. Where this is cut off, calling it again goes on.
 */
export async function switchToNextCa(dir: string): Promise<void> {
  const next = await readNextCa(dir);
  if (next === undefined) return;
  const current = await readCa(dir);
  if (current !== undefined && fingerprint(current) !== fingerprint(next)) {
    await copyCa(dir, previousDir(dir, fingerprint(current)), true);
  }
  await copyCa(nextDir(dir), dir, false);
  await rm(nextDir(dir), { recursive: true, force: true });
}

/** The PEM of a CA that was in use before; undefined when it is not kept here. */
export function readPreviousCa(dir: string, known: string): Promise<string | undefined> {
  return readCa(previousDir(dir, known));
}

/** All CAs that were in use before, as far as they are kept here. */
export async function readPreviousCas(dir: string): Promise<readonly string[]> {
  const folder = join(dir, 'previous');
  const cas = ((await namesIfAny(folder)) ?? []).map((name) => readCa(join(folder, name)));
  return (await Promise.all(cas)).flatMap((one) => one ?? []);
}

function previousDir(dir: string, known: string): string {
  return join(dir, 'previous', known.slice(0, 16));
}

/** The certificate comes last: with it the copy counts. `keep` leaves what is there, which a cut-off copy has put there. */
async function copyCa(from: string, to: string, keep: boolean): Promise<void> {
  await privateFolder(to);
  for (const [name, mode] of FILES) {
    const text = await readIfAny(join(from, name));
    if (text !== undefined) await writeWhole(join(to, name), text, { mode, exclusive: keep });
    else if (!keep) await rm(join(to, name), { force: true });
  }
}

/** A file that trusts what these CA files trust, each certificate once. */
export function bundleOf(...pems: readonly string[]): string {
  const seen = new Set<string>();
  return pems
    .flatMap(certificatesIn)
    .filter(({ fingerprint256 }) => !seen.has(fingerprint256) && seen.add(fingerprint256))
    .map((one) => one.toString())
    .join('');
}

/** What a CA file trusts without what another one trusts; undefined when that is nothing. */
export function withoutCa(bundle: string, pem: string): string | undefined {
  const known = fingerprints(pem);
  const rest = certificatesIn(bundle).filter((one) => !known.includes(fingerprint(one.toString())));
  return rest.length === 0 ? undefined : rest.map((one) => one.toString()).join('');
}

/** Writes what clients are to trust while two CAs are in use. */
export async function writeBundle(dir: string, pem: string): Promise<void> {
  await writeWhole(bundlePath(dir), pem, { mode: 0o644 });
}

/** Clients trust the CA itself again. */
export async function dropBundle(dir: string): Promise<void> {
  await rm(bundlePath(dir), { force: true });
}
