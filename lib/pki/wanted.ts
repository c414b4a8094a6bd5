import { join } from 'node:path';
import { EXIT, QuorateError } from '../errors.ts';
import { readIfAny } from '../files.ts';
import { bundleDir } from './bundles.ts';
import { fingerprint } from './ca/ca.ts';
import { forbiddenName } from './chain/constraints.ts';
import { formOf, type LeafKind, type LeafProfile, type PkiConfig, requiredUsages } from './config.ts';
import { lifeFromNow } from './life.ts';
import { alternativeNames } from './names.ts';
import { type Pair, readPair } from './pairs.ts';
import { parseCertificate } from './parse.ts';
import { certificateProblems } from './problems.ts';
import type { CertificatePlan, SubjectAttribute } from './profile.ts';

/** One of a member's two certificates, with the names that are to be in it. */
export interface MemberCertificate extends Reissue {
  readonly name: string;
  readonly kind: 'server' | 'peer';
  readonly sans: readonly string[];
}

/** What is to be made anew although nothing is wrong with it. */
export interface Reissue {
  /** Fingerprints of certificates that are to go. */
  readonly retired?: readonly string[] | undefined;
  /** With another key. By default it stays: a certificate alone takes its place in one move, a pair in two. */
  readonly newKey?: boolean | undefined;
  /** Also where its key or its life is not what is asked for now: by default those are of the next one. */
  readonly exact?: boolean | undefined;
}

/** A pair as it is to lie in the folder of a PKI. */
export interface Wanted extends Reissue {
  readonly folder: string;
  /** Name of its files, without ending. */
  readonly base: string;
  readonly kind: LeafKind;
  /** Its serial number is noted: see `noteSerial`. */
  readonly revocable?: true;
  readonly subject: readonly SubjectAttribute[];
  readonly sans: readonly string[];
}

/** A member's pair, in a folder of its own. */
export function wantedMember(
  dir: string,
  { leaf }: PkiConfig,
  { name, kind, sans, ...reissue }: MemberCertificate,
): Wanted {
  const subject = leaf.subject ?? [['CN', name.slice(0, 64)]];
  return { folder: join(dir, name), base: kind, kind, subject, sans, ...reissue };
}

/** The bundle of an application. */
export function wantedBundle(dir: string, name: string, reissue: Reissue): Wanted {
  const folder = bundleDir(dir, name);
  return {
    folder,
    base: name,
    kind: 'client',
    revocable: true,
    subject: [['CN', name]],
    sans: [],
    ...reissue,
  };
}

/** The pair that the playbooks themselves show. */
export function wantedClient(dir: string): Wanted {
  return { folder: dir, base: 'client', kind: 'client', subject: [['CN', 'quorate']], sans: [] };
}

/** The pair in the folder while it is as wanted. */
export async function storedPair(
  wanted: Wanted,
  config: PkiConfig,
  caPem: string,
): Promise<Pair | undefined> {
  const stored = await readPair(wanted.folder, wanted.base);
  return stored && isAsWanted(stored.certPem, wanted, config, caPem) ? stored : undefined;
}

/** The certificate in the folder while it is as wanted and its key is not on this machine. */
export async function keylessCertificate(
  wanted: Wanted,
  config: PkiConfig,
  caPem: string,
): Promise<string | undefined> {
  const path = join(wanted.folder, wanted.base);
  const [certPem, key] = await Promise.all([readIfAny(`${path}.pem`), readIfAny(`${path}-key.pem`)]);
  if (certPem === undefined || key !== undefined) return undefined;
  return isAsWanted(certPem, wanted, config, caPem) ? certPem : undefined;
}

function isAsWanted(
  pem: string,
  { kind, sans, retired, exact }: Wanted,
  { leaf }: PkiConfig,
  caPem: string,
): boolean {
  if (retired?.includes(fingerprint(pem))) return false;
  const { renewBefore } = leaf.profiles[kind];
  const form = exact ? formOf(leaf, kind) : {};
  // Nobody goes by the names of a client's, which a CA elsewhere may add to.
  const names = kind === 'client' ? undefined : sans;
  const required = { caPem, uses: requiredUsages(kind), renewBefore, sans: names, ...form };
  return certificateProblems({ ...required, pem }).length === 0;
}

/** When a certificate ends. */
export function endOf(certPem: string): Date {
  return new Date(parseCertificate(certPem)!.validTo);
}

/** Nobody could verify a member by a certificate without names. */
export function requireNames({ kind, sans }: Wanted): void {
  if (kind === 'client' || sans.length > 0) return;
  throw new QuorateError(`a ${kind} certificate needs at least one name or address`, {
    exitCode: EXIT.usage,
    hint: 'clients compare the address they dial with the names in the certificate',
  });
}

/** Members refuse a certificate for a name that its CA is kept from. */
export function requirePermitted({ sans }: Wanted, caPem: string, path: string): void {
  const forbidden = forbiddenName(caPem, alternativeNames(sans));
  if (forbidden === undefined) return;
  throw new QuorateError(`${path} may not issue for ${forbidden}`, {
    exitCode: EXIT.refused,
    hint: 'have the CA issued anew without name constraints, or with localhost, 127.0.0.1, and names and addresses of all members in them',
  });
}

/** A leaf's plan; it ends with its CA at the latest. */
export function leafPlan(profile: LeafProfile, caEnd: Date, { subject, sans }: Wanted): CertificatePlan {
  const { usages, issuerUrls, ocspUrl, crlUrl } = profile;
  const { notBefore, notAfter } = lifeFromNow(profile, 'a certificate');
  return {
    subject,
    names: alternativeNames(sans),
    usages,
    notBefore,
    notAfter: notAfter > caEnd ? caEnd : notAfter,
    ...(issuerUrls && { issuerUrls }),
    ...(ocspUrl && { ocspUrl }),
    ...(crlUrl && { crlUrl }),
  };
}

/** A CA is always a little older than its leaves, so only a good part of a life is worth a word. */
export function lateWarning(profile: LeafProfile, caEnd: Date): readonly string[] {
  const { notBefore, notAfter } = lifeFromNow(profile, 'a certificate');
  const late = notAfter.getTime() - caEnd.getTime();
  if (late <= (notAfter.getTime() - notBefore.getTime()) / 10) return [];
  return [`certificates would last until ${day(notAfter)} but their CA ends ${day(caEnd)}: they end with it`];
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
