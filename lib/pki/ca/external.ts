import type { KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { EXIT, QuorateError } from '../../errors.ts';
import { namesIfAny, privateFolder, writeWhole } from '../../files.ts';
import { bundleDir, noteSerial } from '../bundles.ts';
import type { CertificateFile } from '../certificate-files.ts';
import { readConfig } from '../cfssl/cfssl.ts';
import { certificatesIn, chainProblem, intermediates, isIssuedBy, nameOf, pathUp } from '../chain/chain.ts';
import { forbiddenName } from '../chain/constraints.ts';
import { type LeafKind, type PkiConfig, type PkiOptions, requiredUsages } from '../config.ts';
import { signRequest } from '../engine.ts';
import { keyPem, newKey } from '../keys.ts';
import { alternativeNames } from '../names.ts';
import { readPair, readStoredKey } from '../pairs.ts';
import { certificateProblems, describeProblem, type Problem } from '../problems.ts';
import {
  leafPlan,
  type MemberCertificate,
  requireNames,
  storedPair,
  type Wanted,
  wantedBundle,
  wantedClient,
  wantedMember,
} from '../wanted.ts';
import { writeIgnore } from './authority.ts';
import { caPath, readCa } from './ca.ts';

/** What a CA is asked to sign. */
export interface SigningRequest {
  /** `etcd01-server`: of its file, without ending. */
  readonly name: string;
  readonly kind: LeafKind;
  readonly sans: readonly string[];
  readonly pem: string;
}

/** A certificate that came back, and what it is for. */
export interface Arrival {
  /** As that of its request. */
  readonly name: string;
  /** The certificate, with what is to be shown behind it. */
  readonly certPem: string;
  /** It is not stored yet. */
  readonly isNew: boolean;
}

/** What of a cluster a CA elsewhere is to sign for. */
export interface Signees {
  readonly members: readonly MemberCertificate[];
  /** Names of bundles. */
  readonly clients: readonly string[];
  /** The pair of the playbooks, too. */
  readonly own: boolean;
}

/** A request does not say for how long: the last moment that a date can be. */
const NO_END = new Date(8_640_000_000_000_000);

/** Named as its request is. */
type Slot = readonly [name: string, wanted: Wanted];

/**
 * Makes requests for the pairs that are due, or for all of them `again`, for a CA whose key is not here. A key that is there stays; one that is
 * made lies in the folder of the PKI from then on, and never leaves it.
 */
export async function makeRequests(
  options: PkiOptions,
  signees: Signees,
  { again }: { readonly again: boolean },
): Promise<readonly SigningRequest[]> {
  const config = readConfig(options);
  const caPem = (await readCa(options.dir)) ?? options.trusted;
  const due: Slot[] = [];
  for (const slot of slotsOf(options.dir, config, signees)) {
    if (again || caPem === undefined || !(await storedPair(slot[1], config, caPem))) due.push(slot);
  }
  if (due.length > 0) await writeIgnore(options.dir, false);
  return Promise.all(
    due.map(async ([name, wanted]) => {
      requireNames(wanted);
      const { kind, sans } = wanted;
      const key = await keyFor(wanted, config);
      const plan = leafPlan(config.leaf.profiles[kind], NO_END, wanted);
      return { name, kind, sans, pem: await signRequest(plan, key) };
    }),
  );
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

/** Stores what a CA has sent back, once all of it is fine; the CA, too, where there is none yet. */
export async function takeInArrivals(
  options: PkiOptions,
  files: readonly CertificateFile[],
  members: readonly MemberCertificate[],
): Promise<void> {
  const { caPem, arrivals } = await examine(options, files, members);
  await writeIgnore(options.dir, false);
  await writeWhole(caPath(options.dir), caPem, { mode: 0o644, exclusive: true });
  for (const { certPem, isNew, wanted } of arrivals) {
    if (!isNew) continue;
    const { folder, base, revocable } = wanted;
    if (revocable) {
      await writeWhole(join(folder, 'ca.pem'), caPem, { mode: 0o644 });
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
    const required = {
      caPem,
      uses: requiredUsages(kind),
      renewBefore: config.leaf.profiles[kind].renewBefore,
      sans: kind === 'client' ? undefined : sans,
    };
    const wrong = certificateProblems({ ...required, pem: leaf.toString() }).map(describeArrival);
    if (slot[1].revocable && !isFor(leaf, slot[1].base))
      wrong.push(`for ${nameOf(leaf) || 'nobody'}, not for CN=${slot[1].base}`);
    const forbidden = forbiddenName(caPem, alternativeNames(sans));
    if (forbidden !== undefined) wrong.push(`its CA may not issue for ${forbidden}`);
    if (wrong.length > 0) problems.push(`${path}: ${slot[0]}: ${wrong.join('; ')}`);
  }
  if (leaves.length === 0)
    problems.push(`${files.map(({ path }) => path).join(', ')}: no certificate but CAs'`);
  if (problems.length > 0 || caPem === undefined) throw notTaken(options, problems, inUse !== undefined);
  const arrivals = [...found].map(async ([[name, wanted], { leaf }]) => {
    const certPem = leaf.toString() + intermediates(caPem);
    const stored = await readPair(wanted.folder, wanted.base);
    return { name, wanted, certPem, isNew: stored?.certPem !== certPem };
  });
  return { caPem, arrivals: await Promise.all(arrivals) };
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
      ? `certificates belong to the requests that --csr makes, and come from the CA in ${caPath(dir)}`
      : 'certificates belong to the requests that --csr makes; give the certificates of their CAs as well, the root included',
  });
}

function slotsOf(dir: string, config: PkiConfig, { members, clients, own }: Signees): readonly Slot[] {
  return [
    ...members.map((one): Slot => [`${one.name}-${one.kind}`, wantedMember(dir, config, one)]),
    ...(own ? [['client', wantedClient(dir)] as Slot] : []),
    ...clients.map((name): Slot => [`client-${name}`, wantedBundle(dir, name, {})]),
  ];
}

/** Names of clients that have a key at least: a certificate may be yet to come. */
export async function clientsOf(dir: string): Promise<readonly string[]> {
  const names = (await namesIfAny(join(dir, 'clients'))) ?? [];
  const keys = await Promise.all(names.map((name) => readStoredKey(bundleDir(dir, name), name)));
  return names.filter((_, i) => keys[i] !== undefined);
}

/** Durable before anybody is asked to sign for it. */
async function keyFor({ folder, base }: Wanted, { leaf }: PkiConfig): Promise<KeyObject> {
  const there = await readStoredKey(folder, base);
  if (there) return there;
  const path = join(folder, `${base}-key.pem`);
  await privateFolder(folder);
  await writeWhole(path, keyPem(await newKey(leaf.key)).reveal(), { mode: 0o600, exclusive: true });
  const key = await readStoredKey(folder, base);
  if (key) return key;
  throw new QuorateError(`${path} is not a private key that can be read`, {
    exitCode: EXIT.refused,
    hint: 'restore it, or move it away: another one is made then',
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
