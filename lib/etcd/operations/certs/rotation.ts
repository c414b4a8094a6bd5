import { sha256 } from '../../../dsl/path.ts';
import type { PlayRun } from '../../../dsl/play.ts';
import { QuorateError } from '../../../errors.ts';
import {
  bundleOf,
  certificatesIn,
  fingerprint,
  fingerprints,
  isIssuedBy,
  readBundles,
  readCa,
  readNextCa,
  readPreviousCa,
  withoutCa,
} from '../../../pki/index.ts';
import type { ClusterFacts, EtcdFacts } from '../../facts/index.ts';
import type { Intent } from '../../facts/intent.ts';
import { refusal } from '../../refusal.ts';
import { leaderLast } from '../../roll.ts';
import { caOfHosts } from '../../survey/authority.ts';
import { doneIntent, intentOn, intentProblem, openIntent, openRotation } from '../../survey/intents.ts';
import { type PassingCa, survey } from '../../survey/survey.ts';
import { keepVersion } from '../../survey/versions.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import type { Issuer, RotatingClient, RotatingHost, RotationState, Trust } from './rotation-steps.ts';

/** The two CAs of a rotation as PEM; without a new one before the first step. */
export interface RotatingCas {
  /** Nobody has it any more where all hosts trust the new one alone. */
  readonly old: string | undefined;
  readonly new: string | undefined;
}

/** A rotation as the hosts and this machine have it. */
export interface Rotation {
  readonly cas: RotatingCas;
  readonly state: RotationState;
  /** For the survey: what is no stranger's CA now. */
  readonly authority: PassingCa;
  /** Of what is under way. */
  readonly open: Intent | undefined;
}

/** A rotation that came to its end, and no other one was asked for. */
export interface FinishedRotation {
  readonly done: Intent;
}

/** What the rotation of a CA heads for, in a form that can be compared. */
export function rotationTarget(newCa: string): string {
  return `CA ${fingerprint(newCa)}`;
}

/** What hosts trust on the way. */
export function bothOf({ old, new: next }: RotatingCas): string {
  return bundleOf(...[old, next].flatMap((one) => one ?? []));
}

/** Reads how far a rotation has come. Refuses what cannot be gone on with from here. */
export async function readRotation(
  surveyed: Surveyed,
  words: { readonly clientsReady: boolean; readonly again: boolean },
): Promise<Rotation | FinishedRotation> {
  const { cluster, hosts } = surveyed;
  const problem = intentProblem(cluster, hosts, 'certs');
  if (problem) throw problem;
  const open = openIntent(hosts);
  const [current, next] = await Promise.all([readCa(cluster.pkiDir), readNextCa(cluster.pkiDir)]);
  const done = doneIntent(hosts, 'certs');
  if (done && !words.again && current !== undefined && done.target === rotationTarget(current))
    return { done };
  if (open === undefined && words.clientsReady) throw nothingOpen(surveyed);
  const cas = open
    ? await openCas(surveyed, open, current, next)
    : { old: current ?? ruling(surveyed), new: next };
  const [first] = [cas.new, cas.old].filter((one) => one !== undefined);
  if (first === undefined) throw new Error('a rotation without any CA');
  const control = cas.new === undefined ? 'old' : next !== undefined ? 'ready' : 'new';
  return {
    cas,
    open,
    state: {
      control,
      clientsReady: words.clientsReady,
      hosts: leaderLast(hosts, surveyed).map((host) => rotatingHost(host, cas)),
      clients: (await readBundles(cluster.pkiDir)).map(({ name, certPem, caPem }): RotatingClient => {
        return { name, trusts: trustOf(caPem, cas), certificate: issuerOf(certPem, cas) };
      }),
    },
    authority: authorityOf(cas, control === 'new', first),
  };
}

function authorityOf(cas: RotatingCas, issues: boolean, first: string): PassingCa {
  return {
    caPem: (issues ? cas.new : cas.old) ?? first,
    passing: [cas.old, bothOf(cas), cas.new].flatMap((one) => one ?? []),
  };
}

/**
 * For verbs that cannot wait until the rotation of a CA is finished, since that wants all members: who issues now, which
 * CA files hosts may have, and what a member that is set up meanwhile trusts. undefined where none is under way.
 */
export async function rotatingAuthority(
  surveyed: Surveyed,
): Promise<(PassingCa & Pick<ClusterFacts, 'trustPem'>) | undefined> {
  const { cluster, hosts } = surveyed;
  const open = openRotation(hosts);
  if (open === undefined) return undefined;
  const [current, next] = await Promise.all([readCa(cluster.pkiDir), readNextCa(cluster.pkiDir)]);
  const cas = await openCas(surveyed, open, current, next);
  return { ...authorityOf(cas, next === undefined, cas.new), trustPem: bothOf(cas) };
}

/** The survey of a verb that leaves the CA as it is, also while one takes another's place. */
export async function surveyWithCas(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<void> {
  const rotation = await readRotation(surveyed, { clientsReady: false, again: true });
  await survey(run, keepVersion, 'certs', 'authority' in rotation ? rotation.authority : undefined);
  if (openRotation(surveyed.hosts) === undefined) return;
  // Whom a member trusts is for the rotation alone to change.
  for (const { target } of surveyed.hosts) {
    const { cluster, caPem } = target.facts;
    if (cluster && caPem !== undefined) target.facts.cluster = { ...cluster, trustPem: caPem };
  }
}

/** Without a folder here, or without its CA: the one that the hosts have. */
function ruling(surveyed: Surveyed): string {
  const found = caOfHosts(surveyed);
  if (found instanceof QuorateError) throw found;
  return found;
}

/** The new one must be here; the old one may also be had from hosts that still trust it. */
async function openCas(
  { cluster, hosts }: Surveyed,
  { target, notes, runId }: Intent,
  current: string | undefined,
  next: string | undefined,
): Promise<RotatingCas & { readonly new: string }> {
  const wanted = [next, current].find((pem) => pem !== undefined && rotationTarget(pem) === target);
  if (wanted === undefined) {
    throw refusal(
      cluster,
      `run ${runId} has begun to rotate its CA, to the one with SHA-256 ${target.replace(/^CA /, '')}, which is not in ${cluster.pkiDir}`,
      'go on where it was begun, or copy the folder from there',
    );
  }
  const bundles = hosts.flatMap(({ target: { facts } }) => facts.caPem ?? []);
  const before = current !== undefined && current !== wanted ? current : undefined;
  const old =
    before ??
    (await readPreviousCa(cluster.pkiDir, notes?.from ?? '')) ??
    bundles.map((bundle) => withoutCa(bundle, wanted)).find((one) => one !== undefined);
  return { old, new: wanted };
}

function rotatingHost(host: EtcdHost, cas: RotatingCas): RotatingHost {
  const { name, facts } = host.target;
  const certificate = (file: string) =>
    issuerOf(facts.reading?.certificates.find((one) => one.file === file)?.pem, cas);
  const intent = intentOn(host);
  const isOurs =
    intent?.verb === 'certs' && cas.new !== undefined && intent.target === rotationTarget(cas.new);
  return {
    name,
    disk: trustOf(facts.caPem, cas),
    record: trustOfPrints(facts.kept.trusted, cas),
    loaded: loadedTrust(facts.kept.loadedCa, cas),
    server: certificate('server.pem'),
    peer: certificate('peer.pem'),
    wish: isOurs ? (intent.done === undefined ? 'open' : 'closed') : 'none',
  };
}

function trustOf(pem: string | undefined, cas: RotatingCas): Trust {
  return trustOfPrints(pem === undefined ? [] : fingerprints(pem), cas);
}

function trustOfPrints(prints: readonly string[], cas: RotatingCas): Trust {
  const has = prints.join(' ');
  const is = (pem: string | undefined) => pem !== undefined && fingerprints(pem).join(' ') === has;
  if (is(cas.new)) return 'new';
  if (is(cas.old)) return 'old';
  return cas.new !== undefined && is(bothOf(cas)) ? 'both' : 'other';
}

/** By the digest of the file as it was loaded: only what we have written ourselves is known by it. */
function loadedTrust(digest: string | undefined, cas: RotatingCas): Trust {
  const is = (pem: string | undefined) => pem !== undefined && sha256(pem) === digest;
  if (is(cas.new)) return 'new';
  if (is(cas.old)) return 'old';
  return cas.new !== undefined && is(bothOf(cas)) ? 'both' : 'other';
}

function issuerOf(pem: string | undefined, cas: RotatingCas): Issuer {
  const [leaf] = pem === undefined ? [] : certificatesIn(pem);
  const from = (ca: string | undefined) =>
    leaf !== undefined && ca !== undefined && certificatesIn(ca).some((one) => isIssuedBy(leaf, one));
  return from(cas.new) ? 'new' : from(cas.old) ? 'old' : 'other';
}

function nothingOpen({ cluster }: Surveyed): QuorateError {
  return refusal(
    cluster,
    'no rotation of its CA is under way, so no client can be ready for it; nothing was changed',
    'begin it with --rotate-ca alone: it stops once every member trusts both CAs',
  );
}
