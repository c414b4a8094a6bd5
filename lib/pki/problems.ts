import type { X509Certificate } from 'node:crypto';
import { issuerUnder } from './chain/chain.ts';
import { keyTypeOf } from './keys.ts';
import { BACKDATE } from './life.ts';
import { alternativeNames, readAlternativeNames } from './names.ts';
import { parseCertificate } from './parse.ts';
import { type ExtendedUse, missingUses } from './uses.ts';

/** What is wrong with a certificate, as data. */
export type Problem =
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'no-ca' }
  | { readonly kind: 'wrong-ca'; readonly issuer: string }
  | { readonly kind: 'names'; readonly missing: readonly string[]; readonly extra: readonly string[] }
  | { readonly kind: 'not-yet-valid'; readonly notBefore: Date }
  | { readonly kind: 'expired'; readonly notAfter: Date }
  | { readonly kind: 'expires-soon'; readonly notAfter: Date }
  | { readonly kind: 'key'; readonly keyType: string | undefined }
  | { readonly kind: 'life'; readonly life: number }
  | { readonly kind: 'usage'; readonly missing: readonly ExtendedUse[] };

export interface Requirements {
  /** The certificate, and what is shown after it. */
  readonly pem: string;
  /** Exactly the names it must carry; undefined when it need not have any. */
  readonly sans: readonly string[] | undefined;
  /** The CA file that it must come from, see `issuerUnder`; undefined when there is none yet. */
  readonly caPem: string | undefined;
  /** Milliseconds before the end at which it is due for renewal. */
  readonly renewBefore: number;
  readonly now?: Date;
  /** What it must serve for: both, unless told. */
  readonly uses?: readonly ExtendedUse[];
  /** Kind of its key, as `rsa-2048`; any unless told. */
  readonly keyType?: string | undefined;
  /** Milliseconds from its beginning to its end; any unless told. */
  readonly life?: number | undefined;
}

/** Everything that keeps a certificate from being what is required; none when it is fine. */
export function certificateProblems(required: Requirements): readonly Problem[] {
  const cert = parseCertificate(required.pem);
  if (!cert) return [{ kind: 'unreadable' }];
  const ca = required.caPem === undefined ? undefined : parseCertificate(required.caPem);
  const issuer = ca && issuerOf(cert, ca, required);
  return [
    ...(ca ? [] : [{ kind: 'no-ca' } as const]),
    ...(ca && !issuer ? [{ kind: 'wrong-ca', issuer: cert.issuer.replaceAll('\n', ', ') } as const] : []),
    ...nameProblems(cert, required.sans),
    ...validityProblems(cert, issuer, required.renewBefore, required.now ?? new Date()),
    ...keyProblems(cert, required.keyType),
    ...lifeProblems(cert, issuer, required.life),
    ...usageProblems(cert, required.uses ?? ['server auth', 'client auth']),
  ];
}

/** One that is its own issuer need not be one that may issue. */
function issuerOf(
  cert: X509Certificate,
  ca: X509Certificate,
  { pem, caPem = '' }: Requirements,
): X509Certificate | undefined {
  if (isOwn(cert, ca)) return cert.verify(cert.publicKey) ? cert : undefined;
  return issuerUnder(pem, caPem);
}

function isOwn(cert: X509Certificate, ca: X509Certificate): boolean {
  return ca.fingerprint256 === cert.fingerprint256;
}

function nameProblems(cert: X509Certificate, sans: readonly string[] | undefined): readonly Problem[] {
  if (sans === undefined) return [];
  const wanted = new Set(alternativeNames(sans).map(({ value }) => value));
  const found = new Set(readAlternativeNames(cert.subjectAltName));
  const missing = [...wanted].filter((name) => !found.has(name));
  const extra = [...found].filter((name) => !wanted.has(name));
  return missing.length + extra.length > 0 ? [{ kind: 'names', missing, extra }] : [];
}

/** Renewal is due `renewBefore` the end, except of one that ends with its CA, if that is another: a new one would, too. */
function validityProblems(
  cert: X509Certificate,
  ca: X509Certificate | undefined,
  renewBefore: number,
  now: Date,
): readonly Problem[] {
  const notBefore = new Date(cert.validFrom);
  const notAfter = new Date(cert.validTo);
  if (notBefore > now) return [{ kind: 'not-yet-valid', notBefore }];
  if (notAfter <= now) return [{ kind: 'expired', notAfter }];
  if (endsWithCa(cert, ca) || notAfter.getTime() - now.getTime() > renewBefore) return [];
  return [{ kind: 'expires-soon', notAfter }];
}

function endsWithCa(cert: X509Certificate, ca: X509Certificate | undefined): boolean {
  return ca !== undefined && !isOwn(cert, ca) && new Date(cert.validTo) >= new Date(ca.validTo);
}

function keyProblems({ publicKey }: X509Certificate, wanted: string | undefined): readonly Problem[] {
  const keyType = keyTypeOf(publicKey);
  return wanted === undefined || keyType === wanted ? [] : [{ kind: 'key', keyType }];
}

/** By the start that lies a little in the past: a life may count from there, or from when it was made. */
function lifeProblems(
  cert: X509Certificate,
  ca: X509Certificate | undefined,
  wanted: number | undefined,
): readonly Problem[] {
  if (wanted === undefined || endsWithCa(cert, ca)) return [];
  const life = Date.parse(cert.validTo) - Date.parse(cert.validFrom);
  return Math.abs(life - wanted) <= BACKDATE ? [] : [{ kind: 'life', life }];
}

function usageProblems(cert: X509Certificate, uses: readonly ExtendedUse[]): readonly Problem[] {
  const missing = missingUses(cert, uses);
  return missing.length > 0 ? [{ kind: 'usage', missing }] : [];
}

/** A problem in a few words, as a diff shows it. */
export function describeProblem(problem: Problem): string {
  switch (problem.kind) {
    case 'unreadable':
      return 'not a certificate';
    case 'no-ca':
      return 'there is no CA yet';
    case 'wrong-ca':
      return `not from this CA (issuer ${problem.issuer})`;
    case 'names':
      return [
        ...(problem.missing.length > 0 ? [`lacks ${problem.missing.join(', ')}`] : []),
        ...(problem.extra.length > 0 ? [`has ${problem.extra.join(', ')} besides`] : []),
      ].join('; ');
    case 'not-yet-valid':
      return `not valid before ${day(problem.notBefore)}`;
    case 'expired':
      return `expired ${day(problem.notAfter)}`;
    case 'expires-soon':
      return `expires ${day(problem.notAfter)}`;
    case 'key':
      return `its key is ${problem.keyType ?? 'of another type'}`;
    case 'life':
      return `made for ${span(problem.life)}`;
    case 'usage':
      return `not for ${problem.missing.join(' and ')}`;
  }
}

/** In whole days or hours, as a life is asked for. */
function span(ms: number): string {
  const hours = Math.round(ms / 3_600_000);
  return hours >= 48 ? `${Math.round(hours / 24)}d` : `${hours}h`;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
