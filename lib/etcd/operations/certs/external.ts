import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLine } from '../../../command-line.ts';
import { PerRun } from '../../../dsl/common/per-run.ts';
import type { PlayRun } from '../../../dsl/play.ts';
import { fromHere } from '../../../paths.ts';
import {
  type Arrival,
  fingerprint,
  openExternal,
  readBundles,
  readCertificateFiles,
  readNextCa,
  type SigningRequest,
  writeWhole,
} from '../../../pki/index.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { memberCertificates, pkiOptions } from '../../files/certificates.ts';
import { columns } from '../../health/columns.ts';
import { memberOf } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import { isCertificate } from '../../survey/admit-certificates.ts';
import { openIntent, openRotation } from '../../survey/intents.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { finishLine } from '../../verbs.ts';
import type { OperationStep } from '../common/operation.ts';
import { ledger, tallyOf } from '../common/tally.ts';
import { trustedByClients } from './clients.ts';
import { type Leaf, readLeaves } from './leaves.ts';
import { namesMeant } from './renew.ts';
import { isSignedElsewhere, surveyWithCas } from './rotation/state.ts';

/** What this run has written. */
const written = new PerRun<{ requests?: readonly SigningRequest[] }>(() => ({}));

/**
 * Signing requests for a CA whose key is not on this machine: of what is due, or of the hosts and clients in `names`,
 * or of one `client`. Nothing on a host is touched, and there need not be a cluster yet.
 */
export async function deriveRequests(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  {
    dir,
    names: words,
    client,
  }: { readonly dir: string; readonly names: readonly string[]; readonly client?: string },
): Promise<readonly OperationStep[]> {
  if (written.own.requests !== undefined) return [];
  await surveyForCa(run, surveyed);
  const { cluster, hosts } = surveyed;
  const { clientsOf, makeRequests } = await openExternal();
  // One whose key is not here gets another one only where it is named.
  const withKeys = await clientsOf(cluster.pkiDir);
  const named = words.length === 0 ? [] : await readBundles(cluster.pkiDir);
  const clients = [...new Set([...withKeys, ...named.map(({ name }) => name)])];
  const names = namesMeant(surveyed, words, clients);
  const options = pkiOptions(hosts[0]!.target);
  const isMeant = (one: string) => names.length === 0 || names.includes(one);
  const signees =
    client === undefined
      ? {
          members: hosts
            .filter(({ target }) => isMeant(target.name))
            .flatMap(({ target }) => memberCertificates(target)),
          clients: clients.filter(isMeant),
          own: names.length === 0,
        }
      : { members: [], clients: [client], own: false };
  return [
    {
      host: 'control',
      title: `write signing requests into ${fromHere(dir)}`,
      ledger: ledger(tallyOf(hosts)),
      carryOut: async () => {
        const requests = await makeRequests(options, signees, { again: names.length > 0 });
        await mkdir(dir, { recursive: true });
        for (const { name, pem } of requests)
          await writeWhole(join(dir, `${name}.csr`), pem, { mode: 0o644 });
        written.own.requests = requests;
      },
    },
  ];
}

/** What this run has written, and what becomes of it; undefined in a check. */
export function requestsSaid({ cluster }: Surveyed, dir: string): string | undefined {
  const { requests } = written.own;
  if (requests === undefined) return undefined;
  if (requests.length === 0) return `${cluster.name}: no certificate is due, so nothing is to be signed`;
  const rows = requests.map(({ name, kind, sans }) => [
    `  ${name}.csr`,
    kind === 'client' ? 'client auth' : 'server auth, client auth',
    sans.join(' '),
  ]);
  return [
    `${cluster.name}: ${requests.length} signing requests in ${fromHere(dir)}, each for exactly these names and uses:`,
    ...columns(rows).split('\n'),
    `their keys stay in ${fromHere(cluster.pkiDir)}; once they are signed: ${commandLine('certs')} --import DIR`,
  ].join('\n');
}

/**
 * What a CA elsewhere has signed, from files and folders: taken into the folder of certificates, then installed on the
 * hosts that have others. Without a cluster yet it is there for `site`; while the CA takes another's place, for the time
 * when clients are ready.
 */
export async function deriveImport(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  paths: readonly string[],
): Promise<readonly OperationStep[]> {
  await surveyForCa(run, surveyed);
  const { hosts } = surveyed;
  const options = pkiOptions(hosts[0]!.target);
  const files = await readCertificateFiles(paths);
  const { examineArrivals, takeInArrivals } = await openExternal();
  const members = hosts.flatMap(({ target }) => memberCertificates(target));
  const arrivals = await examineArrivals(options, files, members);
  const isAwaited = openRotation(hosts) !== undefined;
  // What has no data yet is for `site` to set up.
  const leaves = await readLeaves(
    hosts.filter(({ target }) => !isAwaited && target.facts.data === 'present'),
  );
  const whole = ledger(tallyOf(hosts));
  const fresh = arrivals.filter(({ isNew }) => isNew).map(({ name }) => name);
  return [
    ...(fresh.length > 0
      ? [
          {
            host: 'control',
            title: `take in ${fresh.join(', ')}`,
            ledger: whole,
            carryOut: async () => takeInArrivals(options, files, members, await trustedByClients(surveyed)),
          },
        ]
      : []),
    ...hosts
      .map((host) => ({ host, retired: supplanted(host, arrivals, leaves.get(host)) }))
      .filter(({ retired }) => retired.length > 0)
      .map(({ host, retired }) => ({
        host: host.target.name,
        title: 'install its certificates; no restart',
        ledger: whole,
        carryOut: () => install(host, retired),
      })),
  ];
}

/** Fingerprints of what is on a host, and is not what came for it. */
function supplanted(
  { target }: EtcdHost,
  arrivals: readonly Arrival[],
  leaves: readonly Leaf[] = [],
): readonly string[] {
  const { name } = memberOf(target);
  return leaves.flatMap(({ file, pem }) => {
    const arrival = arrivals.find((one) => `${one.name}.pem` === `${name}-${file}`);
    if (arrival === undefined || fingerprint(pem) === fingerprint(arrival.certPem)) return [];
    return [fingerprint(pem)];
  });
}

/** etcd reads them at each handshake. */
async function install(host: EtcdHost, retired: readonly string[]): Promise<void> {
  const { facts } = host.target;
  if (facts.cluster) facts.cluster = { ...facts.cluster, retired };
  await host.replan();
  await host.apply(isCertificate);
}

/** A CA that takes another's place signs elsewhere once every member trusts it. */
async function surveyForCa(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<void> {
  const { cluster, hosts } = surveyed;
  const open = openIntent(hosts);
  if (open?.verb === 'certs') {
    const why = !isSignedElsewhere(open)
      ? 'nothing is signed elsewhere meanwhile'
      : (await readNextCa(cluster.pkiDir)) !== undefined
        ? 'not every member trusts the new one yet'
        : undefined;
    if (why !== undefined)
      throw refusal(cluster, `run ${open.runId} rotates its CA: ${why}`, finishLine(open.verb, cluster));
  }
  await surveyWithCas(run, surveyed);
}
