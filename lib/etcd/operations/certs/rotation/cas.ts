import type { QuorateError } from '../../../../errors.ts';
import {
  bundleOf,
  certificatesIn,
  fingerprint,
  fingerprints,
  readPreviousCa,
  withoutCa,
} from '../../../../pki/index.ts';
import type { Intent } from '../../../facts/intent.ts';
import { quorum } from '../../../model/cluster.ts';
import { refusal } from '../../../refusal.ts';
import type { Surveyed } from '../../../surveyed.ts';
import { verbLine } from '../../../verb-line.ts';

/** The two CAs of a rotation as PEM; without a new one before the first step. */
export interface RotatingCas {
  /** undefined when every host trusts only the new CA. May hold several when a CA that was to come got lost. */
  readonly old: string | undefined;
  readonly new: string | undefined;
}

/** Those of a rotation that is under way. */
export interface OpenCas extends RotatingCas {
  /** The CA to come is not here: another one takes its place, which is `new` once it is made. */
  readonly isLost: boolean;
  /** For whoever goes on: what the old CA is called, and all that came before the new one where those are several. */
  readonly notes: Intent['notes'];
}

/** What the rotation of a CA heads for, in a form that can be compared. */
export function rotationTarget(newCa: string): string {
  return `CA ${fingerprint(newCa)}`;
}

/** What hosts trust on the way. */
export function bothOf({ old, new: next }: RotatingCas): string {
  return bundleOf(...[old, next].flatMap((one) => one ?? []));
}

/** The new one must be here, or is lost; the old one may also be had from hosts that still trust it. */
export async function openCas(
  surveyed: Surveyed,
  { target, notes = {} }: Intent,
  current: string | undefined,
  next: string | undefined,
): Promise<OpenCas> {
  const bundles = surveyed.hosts.flatMap(({ target: { facts } }) => facts.caPem ?? []);
  const wanted = [next, current].find((pem) => pem !== undefined && rotationTarget(pem) === target);
  const named = [notes.from, ...(notes.before?.split(' ') ?? [])].flatMap((one) => one ?? []);
  if (wanted === undefined) {
    const old = among([...named, printOf(target), ...onRecord(surveyed)], bundles);
    const before = old === undefined ? '' : fingerprints(old).join(' ');
    return { isLost: true, old, new: next, notes: { ...notes, before } };
  }
  const before = current !== wanted ? current : undefined;
  const kept = before ?? (await readPreviousCa(surveyed.cluster.pkiDir, notes.from ?? ''));
  const old =
    notes.before === undefined
      ? (kept ?? bundles.map((bundle) => withoutCa(bundle, wanted)).find((one) => one !== undefined))
      : among(named, [...(kept === undefined ? [] : [kept]), ...bundles]);
  return { isLost: false, old, new: wanted, notes };
}

/** A refusal of what wants the CA to come, which is not here; `current` is the one that is. */
export function lostCa(
  { cluster }: Surveyed,
  { target, runId }: Intent,
  current: string | undefined,
): QuorateError {
  const rest = current === undefined ? ', nor is the old one: both keys may be lost' : '';
  return refusal(
    cluster,
    `run ${runId} has begun to rotate its CA, to the one with SHA-256 ${printOf(target)}, which is not in ${cluster.pkiDir}${rest}`,
    `go on where it was begun, or copy the folder from there; where that is lost, ${verbLine('certs', cluster, '--rotate-ca', '--again')} makes another one; every member must be running for that`,
  );
}

function printOf(target: string): string {
  return target.replace(/^CA /, '');
}

/** The certificates of those names, in their order: a file may have more than it should. undefined without any. */
function among(names: readonly string[], pems: readonly string[]): string | undefined {
  const all = new Map(certificatesIn(bundleOf(...pems)).map((one) => [fingerprint(one.toString()), one]));
  const found = [...new Set(names)].flatMap((name) => all.get(name)?.toString() ?? []);
  return found.length === 0 ? undefined : found.join('');
}

/**
 * Fingerprints that most hosts have on record (root's) as trusted. Needed when the issuer is not a root: the CAs above
 * it are recorded nowhere else.
 */
function onRecord({ cluster, hosts }: Surveyed): readonly string[] {
  const all = hosts.flatMap(({ target }) => [...new Set(target.facts.kept.trusted)]);
  return all.filter((print) => all.filter((one) => one === print).length >= quorum(cluster.members.length));
}
