import type { KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { EXIT, QuorateError } from '../../errors.ts';
import { writeWhole } from '../../files.ts';
import { noteSerial } from '../bundles.ts';
import type { CertificateFile } from '../certificate-files.ts';
import { readConfig } from '../cfssl/cfssl.ts';
import { certificatesIn, chainProblem, isIssuedBy, nameOf, pathUp, shownBehind } from '../chain/chain.ts';
import { forbiddenName } from '../chain/constraints.ts';
import { type PkiOptions, requiredUsages } from '../config.ts';
import { alternativeNames } from '../names.ts';
import { readPair, readStoredKey } from '../pairs.ts';
import { certificateProblems, describeProblem, type Problem } from '../problems.ts';
import type { MemberCertificate, Wanted } from '../wanted.ts';
import { writeIgnore } from './authority.ts';
import { caPath, readCa } from './ca.ts';
import { crlPath, readList } from './crl.ts';
import { clientsOf, type Slot, slotsOf } from './slots.ts';

/** A certificate that came back, and what it is for. */
export interface Arrival {
  /** As that of its request. */
  readonly name: string;
  /** The certificate, with what is to be shown after it. */
  readonly certPem: string;
  /** It is not stored yet. */
  readonly isNew: boolean;
}

/**
 * Looks at what a CA has sent back: each certificate must belong to a key that is here, come from one and the same CA,
 * the one in use if there is one, and be for exactly its names. Fails with 5 and all that is wrong; writes nothing.
 */
export async function examineArrivals(
  options: PkiOptions,
  files: readonly CertificateFile[],
  members: readonly MemberCertificate[],
): Promise<readonly Arrival[]> {
  return (await examine(options, files, members)).arrivals;
}

/**
 * Stores what a CA has sent back, once all of it is fine; the CA, too, where there is none yet. `trusts` is what clients
 * are to trust where that is not the CA alone, PEM.
 */
export async function takeInArrivals(
  options: PkiOptions,
  files: readonly CertificateFile[],
  members: readonly MemberCertificate[],
  trusts?: string,
): Promise<void> {
  const { caPem, arrivals } = await examine(options, files, members);
  await writeIgnore(options.dir, false);
  await writeWhole(caPath(options.dir), caPem, { mode: 0o644, exclusive: true });
  for (const { certPem, isNew, wanted } of arrivals) {
    if (!isNew) continue;
    const { folder, base, revocable } = wanted;
    if (revocable) {
      await writeWhole(join(folder, 'ca.pem'), trusts ?? caPem, { mode: 0o644 });
      await noteSerial(folder, certPem);
    }
    await writeWhole(join(folder, `${base}.pem`), certPem, { mode: 0o644 });
  }
}

interface Examined {
  readonly caPem: string;
  readonly arrivals: readonly (Arrival & { readonly wanted: Wanted })[];
}

async function examine(
  options: PkiOptions,
  files: readonly CertificateFile[],
  members: readonly MemberCertificate[],
): Promise<Examined> {
  const config = readConfig(options);
  const leaves = files.flatMap(({ path, certificates }) =>
    certificates.filter(({ ca }) => !ca).map((leaf) => ({ path, leaf })),
  );
  const given = files.flatMap(({ certificates }) => certificates.filter(({ ca }) => ca));
  const inUse = (await readCa(options.dir)) ?? options.trusted;
  const problems: string[] = [];
  const caPem = inUse ?? caOf(leaves, given, problems);
  const slots = slotsOf(options.dir, config, { members, clients: await clientsOf(options.dir), own: true });
  const keys = new Map<Slot, KeyObject | undefined>();
  for (const slot of slots) keys.set(slot, await readStoredKey(slot[1].folder, slot[1].base));
  /** The newest of each: those before it may lie there still. */
  const found = new Map<Slot, { readonly path: string; readonly leaf: X509Certificate }>();
  const revoked = new Set((await readList(options.dir))?.entries.map(({ serialNumber }) => serialNumber));
  /** In one order at all times, so that what is stored does not change by it. */
  const cas = [...certificatesIn(caPem ?? ''), ...given];
  for (const { path, leaf } of leaves) {
    const slot = slots.find((one) => keys.get(one) && leaf.checkPrivateKey(keys.get(one)!));
    if (slot === undefined) {
      problems.push(`${path}: ${nameOf(leaf)}: no key in ${options.dir} belongs to it`);
      continue;
    }
    const other = found.get(slot);
    if (other === undefined || new Date(other.leaf.validFrom) < new Date(leaf.validFrom))
      found.set(slot, { path, leaf });
  }
  for (const [slot, { path, leaf }] of found) {
    if (caPem === undefined) break;
    const { kind, sans } = slot[1];
    const behind = shownBehind(leaf, cas);
    const required = {
      caPem,
      uses: requiredUsages(kind),
      renewBefore: config.leaf.profiles[kind].renewBefore,
      sans: kind === 'client' ? undefined : sans,
    };
    const wrong = certificateProblems({ ...required, pem: leaf.toString() + behind }).map(describeArrival);
    if (slot[1].revocable && !isFor(leaf, slot[1].base))
      wrong.push(`for ${nameOf(leaf) || 'nobody'}, not for CN=${slot[1].base}`);
    wrong.push(...chainFaults(behind, caPem));
    if (revoked.has(leaf.serialNumber.toLowerCase()))
      wrong.push(`is on the list of revoked certificates (${crlPath(options.dir)}), so members refuse it`);
    const forbidden = forbiddenName(behind + caPem, alternativeNames(sans));
    if (forbidden !== undefined) wrong.push(`its CA may not issue for ${forbidden}`);
    if (wrong.length > 0) problems.push(`${path}: ${slot[0]}: ${wrong.join('; ')}`);
  }
  if (leaves.length === 0)
    problems.push(`${files.map(({ path }) => path).join(', ')}: no certificate but CAs'`);
  if (problems.length > 0 || caPem === undefined) throw notTaken(options, problems, inUse !== undefined);
  const arrivals = [...found].map(async ([[name, wanted], { leaf }]) => {
    const certPem = leaf.toString() + shownBehind(leaf, cas);
    const stored = await readPair(wanted.folder, wanted.base);
    return { name, wanted, certPem, isNew: stored?.certPem !== certPem };
  });
  return { caPem, arrivals: await Promise.all(arrivals) };
}

/** What keeps CAs between a certificate and a CA file from being of use, where they are not in the file. */
function chainFaults(behind: string, caPem: string): readonly string[] {
  const known = new Set(certificatesIn(caPem).map(({ fingerprint256 }) => fingerprint256));
  const between = certificatesIn(behind).filter(({ fingerprint256 }) => !known.has(fingerprint256));
  const [issuer] = between;
  if (issuer === undefined) return [];
  const chain = chainProblem(behind + caPem);
  return [
    ...(chain ? [`its CA (${nameOf(issuer)}) ${chain.message}`] : []),
    ...between.flatMap((one) =>
      new Date(one.validTo) <= new Date() ? [`its CA (${nameOf(one)}) expired ${one.validTo}`] : [],
    ),
  ];
}

/** The CA file of those that came back: who has issued them first, the root last. */
function caOf(
  leaves: readonly { readonly path: string; readonly leaf: X509Certificate }[],
  given: readonly X509Certificate[],
  problems: string[],
): string | undefined {
  const issuers = new Map<string, X509Certificate>();
  for (const { path, leaf } of leaves) {
    const issuer = given.find((one) => isIssuedBy(leaf, one));
    if (issuer) issuers.set(issuer.fingerprint256, issuer);
    else
      problems.push(
        `${path}: ${nameOf(leaf)}: its CA (${leaf.issuer.replaceAll('\n', ', ')}) is not among what was given`,
      );
  }
  const [issuer, ...others] = issuers.values();
  if (issuer === undefined) return undefined;
  if (others.length > 0)
    problems.push(`they come from ${others.length + 1} CAs: ${[issuer, ...others].map(nameOf).join('; ')}`);
  const pem = pathUp(issuer, given)
    .map((one) => one.toString())
    .join('');
  const chain = chainProblem(pem);
  if (chain) problems.push(`the CA (${nameOf(issuer)}) ${chain.message}: ${chain.hint}`);
  for (const one of certificatesIn(pem)) {
    if (new Date(one.validTo) <= new Date()) problems.push(`the CA (${nameOf(one)}) expired ${one.validTo}`);
  }
  return pem;
}

function notTaken({ dir }: PkiOptions, problems: readonly string[], hasCa: boolean): QuorateError {
  const text = problems.map((problem) => `  ${problem}`);
  return new QuorateError([`nothing was taken into ${dir}:`, ...text].join('\n'), {
    exitCode: EXIT.untrusted,
    hint: hasCa
      ? `certificates belong to the requests that --csr makes, and come from the CA in ${caPath(dir)}, or from another one under its root, which is given as well`
      : 'certificates belong to the requests that --csr makes; give the certificates of their CAs as well, the root included',
  });
}

function describeArrival(problem: Problem): string {
  const soon = ', and is due again at once: the expiry that is asked for is longer than what this CA gives';
  return describeProblem(problem) + (problem.kind === 'expires-soon' ? soon : '');
}

/** etcd takes the common name for the user. */
function isFor({ subject }: X509Certificate, name: string): boolean {
  return `\n${subject}\n`.includes(`\nCN=${name}\n`);
}
