import { join } from 'node:path';
import type { CertificateState, CertificatesState } from '../../../dsl/states/certificates-state.ts';
import { certificatesIn, fingerprint, readBundles, readCa, readClientPair } from '../../../pki/index.ts';
import { columns } from '../../health/columns.ts';
import { daysUntil } from '../../health/table.ts';
import { memberOf } from '../../model/cluster.ts';
import { caFile, pairFiles } from '../../model/paths.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { type Leaf, readLeaves } from './leaves.ts';
import { readServed, type Served, type ServedByKind } from './served.ts';

/** Days before its end at which a certificate is worth a warning. */
const SOON = 30;

/** Every certificate of a cluster: on its hosts, in handshakes with its members, and on this machine. */
export async function readCertificates({ cluster, hosts }: Surveyed): Promise<CertificatesState> {
  const served = new Map(
    await Promise.all(
      hosts.map(async (host): Promise<readonly [EtcdHost, ServedByKind]> => {
        return [host, host.target.facts.reading ? await readServed(host) : {}];
      }),
    ),
  );
  const leaves = await readLeaves(hosts);
  const certificates = [
    ...hosts.flatMap((host) => ofHost(host, leaves.get(host) ?? [], served.get(host) ?? {})),
    ...(await ofControl(cluster.pkiDir)),
  ];
  return { cluster: cluster.name, certificates, table: tableOf(certificates) };
}

/** What keeps others from going by a certificate, and what does not yet: each a line. */
export function judgeCertificates(certificates: readonly CertificateState[], now = new Date()) {
  const where = ({ host, path }: CertificateState) => (host === 'control' ? path : `${host}: ${path}`);
  const inUse = certificates.filter((one) => !isPassed(one, certificates));
  const problems = inUse.flatMap((one) => [
    ...(new Date(one.until) < now ? [`${where(one)} ended ${day(one.until)}`] : []),
    ...(new Date(one.from) > now
      ? [`${where(one)} is valid from ${one.from} only: is the clock right?`]
      : []),
    ...(one.served?.same === false
      ? [
          `${where(one)} is ${short(one.sha256)}, and ${shownSaid(one.served.sha256)}: it cannot use the file, or another process answers`,
        ]
      : []),
  ]);
  const warnings = inUse
    .filter(({ days, until }) => days < SOON && new Date(until) >= now)
    .map((one) => `${where(one)} ends in ${one.days} days`);
  return { problems, warnings };
}

/** An intermediate that another one under its root has followed: nothing here comes from it, or from one below it. */
function isPassed(one: CertificateState, all: readonly CertificateState[]): boolean {
  if (one.kind !== 'ca' || one.subject === one.issuer) return false;
  const issuers = new Set(all.flatMap(({ kind, issuer }) => (kind === 'ca' ? [] : [issuer])));
  // A chain has no more links than there are certificates.
  for (const _ of all)
    for (const { kind, subject, issuer } of all)
      if (kind === 'ca' && issuers.has(subject)) issuers.add(issuer);
  return issuers.size > 0 && !issuers.has(one.subject);
}

/** Files that a member is to have and has not, or that hold no certificate; those of hosts that are yet to be set up apart. */
export function lackingCertificates({ hosts }: Surveyed, certificates: readonly CertificateState[]) {
  const lacking = hosts.flatMap(({ target }) =>
    (['server', 'peer'] as const)
      .filter((kind) => !certificates.some((one) => one.host === target.name && one.kind === kind))
      .map((kind) => ({ target, path: pairFiles(memberOf(target), kind).cert })),
  );
  const said = (isSetUp: boolean) =>
    lacking
      .filter(({ target }) => (target.facts.data === 'present') === isSetUp)
      .map(({ target, path }) => `${target.name}: no certificate could be read in ${path}`);
  return { problems: said(true), warnings: said(false) };
}

function shownSaid(sha256: string | null): string {
  return sha256 === null ? 'no handshake comes about with the member' : `the member shows ${short(sha256)}`;
}

function ofHost(
  { target }: EtcdHost,
  leaves: readonly Leaf[],
  served: ServedByKind,
): readonly CertificateState[] {
  const member = memberOf(target);
  const { caPem } = target.facts;
  const leaf = (kind: 'server' | 'peer') => {
    const pem = leaves.find(({ file }) => file === `${kind}.pem`)?.pem;
    const path = pairFiles(member, kind).cert;
    return pem === undefined
      ? []
      : statesOf(pem, { host: target.name, path, kind }, served[kind]).slice(0, 1);
  };
  const cas =
    caPem === undefined ? [] : statesOf(caPem, { host: target.name, path: caFile(member), kind: 'ca' });
  return [...leaf('server'), ...leaf('peer'), ...cas];
}

async function ofControl(dir: string): Promise<readonly CertificateState[]> {
  const [ca, own, bundles] = await Promise.all([readCa(dir), readClientPair(dir), readBundles(dir)]);
  const here = (kind: CertificateState['kind'], path: string, pem: string | undefined) =>
    pem === undefined ? [] : statesOf(pem, { host: 'control', path, kind });
  return [
    ...here('ca', join(dir, 'ca.pem'), ca),
    ...here('client', join(dir, 'client.pem'), own?.certPem).slice(0, 1),
    ...bundles.flatMap(({ folder, name, certPem, hasKey }) =>
      here('client', join(folder, `${name}.pem`), certPem)
        .slice(0, 1)
        .map((one) => ({ ...one, ...(hasKey ? {} : { keyElsewhere: true as const }) })),
    ),
  ];
}

function statesOf(
  pem: string,
  place: Pick<CertificateState, 'host' | 'path' | 'kind'>,
  served?: Served,
): readonly CertificateState[] {
  return certificatesIn(pem).map((one) => {
    const sha256 = fingerprint(one.toString());
    const shown = served?.pem === undefined ? null : fingerprint(served.pem);
    return {
      ...place,
      subject: one.subject.replaceAll('\n', ', '),
      issuer: one.issuer.replaceAll('\n', ', '),
      from: new Date(one.validFrom).toISOString(),
      until: new Date(one.validTo).toISOString(),
      days: daysUntil(new Date(one.validTo)),
      sha256,
      served: served ? { same: shown === sha256, sha256: shown, by: served.by } : null,
    };
  });
}

function tableOf(certificates: readonly CertificateState[]): string {
  const rows = certificates.map((one) => [
    one.host,
    one.host === 'control' ? one.path.split('/pki/').at(-1)! : one.path.split('/').at(-1)!,
    short(one.sha256),
    nameOf(one.subject),
    nameOf(one.issuer),
    `${day(one.until)} ${one.days}d`,
    servedSaid(one),
  ]);
  return columns([['WHERE', 'FILE', 'SHA-256', 'FOR', 'ISSUER', 'ENDS', 'SERVED'], ...rows]);
}

function servedSaid({ kind, served, keyElsewhere }: CertificateState): string {
  if (keyElsewhere) return 'key not here';
  if (kind === 'ca' || kind === 'client') return '';
  if (served === null) return 'not seen';
  return served.same ? 'the same' : served.sha256 === null ? 'none' : short(served.sha256);
}

function nameOf(subject: string): string {
  return /(?:^|, )CN=(.+?)(?:, |$)/.exec(subject)?.[1] ?? subject;
}

function short(sha256: string): string {
  return sha256.slice(0, 8);
}

function day(iso: string): string {
  return iso.slice(0, 10);
}
