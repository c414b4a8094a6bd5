import { sha256 } from '../../../../dsl/path.ts';
import type { PlayRun } from '../../../../dsl/play.ts';
import { QuorateError } from '../../../../errors.ts';
import {
  fingerprint,
  fingerprints,
  isNextElsewhere,
  issuerUnder,
  readBundles,
  readCa,
  readNextCa,
} from '../../../../pki/index.ts';
import type { ClusterFacts, EtcdFacts } from '../../../facts/index.ts';
import type { Intent } from '../../../facts/intent.ts';
import { memberOf } from '../../../model/cluster.ts';
import { caFile } from '../../../model/paths.ts';
import { refusal } from '../../../refusal.ts';
import { leaderLast } from '../../../roll.ts';
import { caOfHosts } from '../../../survey/authority.ts';
import { doneIntent, intentOn, intentProblem, openRotation } from '../../../survey/intents.ts';
import { type PassingCa, survey } from '../../../survey/survey.ts';
import { anyVersion, keepVersion } from '../../../survey/versions.ts';
import type { EtcdHost, Surveyed } from '../../../surveyed.ts';
import { verbLine } from '../../../verb-line.ts';
import { bothOf, lostCa, type OpenCas, openCas, type RotatingCas, rotationTarget } from './cas.ts';
import type { Issuer, RotatingClient, RotatingHost, RotationState, Trust } from './steps.ts';

/** A rotation as the hosts and this machine have it. */
export interface Rotation {
  readonly cas: RotatingCas;
  readonly state: RotationState;
  /** For the survey: what is not a stranger's CA now. */
  readonly authority: PassingCa;
  /** The rotation that is under way. */
  readonly open: Intent | undefined;
  /** What is noted with it on hosts. */
  readonly notes: Intent['notes'];
}

/** A rotation that came to its end, and no other one was asked for. */
export interface FinishedRotation {
  readonly done: Intent;
}

/** Reads how far a rotation has come. Refuses what cannot be gone on with from here. */
export async function readRotation(
  surveyed: Surveyed,
  words: { readonly clientsReady: boolean; readonly again: boolean },
): Promise<Rotation | FinishedRotation> {
  const { cluster, hosts } = surveyed;
  const problem = intentProblem(cluster, hosts, 'certs');
  if (problem) throw problem;
  const open = openRotation(hosts);
  const [current, next] = await Promise.all([readCa(cluster.pkiDir), readNextCa(cluster.pkiDir)]);
  const done = doneIntent(hosts, 'certs');
  const isLast = done && current !== undefined && done.target === rotationTarget(current);
  // One that was put there is for another rotation.
  if (isLast && !words.again && next === undefined) return { done };
  if (open === undefined && words.clientsReady) throw nothingOpen(surveyed);
  const cas = open
    ? await openCas(surveyed, open, current, next)
    : beginning(current ?? ruling(surveyed), next);
  // By the user's word alone, and no client can be ready for what is yet to be made.
  const mayTakeOver = words.again && !words.clientsReady && isTrusted(current, cas.old ? [cas.old] : []);
  if (open && cas.isLost && !mayTakeOver) throw lostCa(surveyed, open, current);
  const control = cas.new === undefined ? 'old' : next !== undefined ? 'ready' : 'new';
  const isElsewhere = open && !cas.isLost ? isSignedElsewhere(open) : isNextElsewhere(cluster.pkiDir);
  return {
    cas,
    open,
    notes: notesOf(cas, isElsewhere),
    state: {
      control,
      isElsewhere,
      clientsReady: words.clientsReady,
      hosts: leaderLast(hosts, surveyed).map((host) => rotatingHost(host, cas)),
      clients: (await readBundles(cluster.pkiDir)).map(({ name, certPem, caPem }): RotatingClient => {
        return { name, trusts: trustOf(caPem, cas), certificate: issuerOf(certPem, cas) };
      }),
    },
    authority: authorityOf(cas, { current, next }),
  };
}

/** Whether the CA that is to come by this wish has its key elsewhere. */
export function isSignedElsewhere({ notes }: Intent): boolean {
  return notes?.signs === ELSEWHERE;
}

const ELSEWHERE = 'elsewhere';

function notesOf({ notes }: OpenCas, isElsewhere: boolean): Intent['notes'] {
  const { signs: _, ...others } = notes ?? {};
  return { ...others, ...(isElsewhere && { signs: ELSEWHERE }) };
}

function beginning(old: string, next: string | undefined): OpenCas {
  return { isLost: false, old, new: next, notes: { from: fingerprint(old) } };
}

/** Who issues: the new CA once it is in use here; where that is lost, the one before it goes on. */
function authorityOf(
  cas: OpenCas,
  { current, next }: { readonly current: string | undefined; readonly next: string | undefined },
): PassingCa {
  const inOrder = cas.isLost
    ? [current, cas.old]
    : next === undefined
      ? [cas.new, cas.old]
      : [cas.old, cas.new];
  const [caPem] = inOrder.filter((one) => one !== undefined);
  if (caPem === undefined) throw new Error('a rotation without any CA');
  return { caPem, passing: [bothOf(cas)] };
}

/**
 * For verbs that cannot wait until the rotation of a CA is finished, since that wants all members: who issues now, which
 * CAs hosts may trust, and what a member that is set up meanwhile trusts. undefined where none is under way. Once a CA
 * that was to come is lost, the one that is here has to be trusted by all; where none is, nothing can be issued.
 */
export async function rotatingAuthority(
  surveyed: Surveyed,
): Promise<(PassingCa & Pick<ClusterFacts, 'trustPem'>) | undefined> {
  const { cluster, hosts } = surveyed;
  const open = openRotation(hosts);
  if (open === undefined) return undefined;
  const [current, next] = await Promise.all([readCa(cluster.pkiDir), readNextCa(cluster.pkiDir)]);
  const cas = await openCas(surveyed, open, current, next);
  const trusts = hosts.flatMap(({ target }) => target.facts.caPem ?? []);
  if (cas.notes?.before !== undefined && !isTrusted(current, trusts))
    throw cas.isLost ? lostCa(surveyed, open, current) : strayCa(surveyed, current);
  const trustPem = cas.isLost ? cas.old : bothOf(cas);
  return { ...authorityOf(cas, { current, next }), ...(trustPem !== undefined && { trustPem }) };
}

function isTrusted(current: string | undefined, trusts: readonly string[]): boolean {
  if (trusts.length === 0) return false;
  return current === undefined || trusts.every((pem) => fingerprints(pem).includes(fingerprint(current)));
}

/** A refusal of a host whose file has not got the CA that is here, where all were led to that. */
function strayCa({ cluster, hosts }: Surveyed, current: string | undefined): QuorateError {
  const strays = hosts.filter(({ target: { facts } }) => !isTrusted(current, [facts.caPem ?? '']));
  const names = strays.map(({ target }) => `${target.name}:${caFile(memberOf(target))}`).join(', ');
  return refusal(
    cluster,
    `${names}: the CA in ${cluster.pkiDir} is not in it: somebody has changed it, or taken it away`,
    `${verbLine('certs', cluster, '--rotate-ca')} goes on with the rotation that is under way, and lays down what its members are to trust`,
  );
}

/**
 * The survey of a verb that leaves the CA as it is, also while one takes another's place. What only `issues` restarts
 * nobody: it goes also where another version is to come, or is half there, since an upgrade wants certificates that hold.
 */
export async function surveyWithCas(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  { issues = false }: { readonly issues?: boolean } = {},
): Promise<void> {
  const rotating = await rotatingAuthority(surveyed);
  if (issues) await survey(run, anyVersion, 'issue', rotating);
  else await survey(run, keepVersion, 'certs', rotating);
  if (rotating === undefined) return;
  // Whom a member trusts is for the rotation alone to change, and when it shows a certificate of the new CA.
  const both = rotating.passing.join('');
  for (const { target } of surveyed.hosts) {
    const { cluster, caPem } = target.facts;
    if (cluster && caPem !== undefined) target.facts.cluster = { ...cluster, caPem: both, trustPem: caPem };
  }
}

/** Without a folder here, or without its CA: the one that the hosts have. */
function ruling(surveyed: Surveyed): string {
  const found = caOfHosts(surveyed);
  if (found instanceof QuorateError) throw found;
  return found;
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
  const from = (ca: string | undefined) =>
    pem !== undefined && ca !== undefined && issuerUnder(pem, ca) !== undefined;
  return from(cas.new) ? 'new' : from(cas.old) ? 'old' : 'other';
}

function nothingOpen({ cluster }: Surveyed): QuorateError {
  return refusal(
    cluster,
    'no rotation of its CA is under way, so no client can be ready for it; nothing was changed',
    'begin it with --rotate-ca alone: it stops once every member trusts both CAs',
  );
}
