import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLine } from '../../../command-line.ts';
import { PerRun } from '../../../dsl/common/per-run.ts';
import type { PlayRun } from '../../../dsl/play.ts';
import { fromHere } from '../../../paths.ts';
import {
  type Arrival,
  fingerprint,
  type MemberCertificate,
  openExternal,
  readBundles,
  readCertificateFiles,
  type SigningRequest,
  writeWhole,
} from '../../../pki/index.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { memberSans, pkiOptions } from '../../files/certificates.ts';
import { columns } from '../../health/columns.ts';
import { memberOf } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import { isCertificate } from '../../survey/admit-certificates.ts';
import { finishHint, openIntent } from '../../survey/intents.ts';
import { survey } from '../../survey/survey.ts';
import { keepVersion } from '../../survey/versions.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import type { OperationStep } from '../common/operation.ts';
import { ledger, tallyOf } from '../common/tally.ts';
import { type Leaf, readLeaves } from './leaves.ts';
import { namesMeant } from './renew.ts';

const KINDS = ['server', 'peer'] as const;

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
  await surveyQuiet(run, surveyed);
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
          members: hosts.filter(({ target }) => isMeant(target.name)).flatMap(certificatesOf),
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
 * hosts that have others. Without a cluster yet it is there for `site`.
 */
export async function deriveImport(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  paths: readonly string[],
): Promise<readonly OperationStep[]> {
  await surveyQuiet(run, surveyed);
  const { hosts } = surveyed;
  const options = pkiOptions(hosts[0]!.target);
  const files = await readCertificateFiles(paths);
  const { examineArrivals, takeInArrivals } = await openExternal();
  const members = hosts.flatMap(certificatesOf);
  const arrivals = await examineArrivals(options, files, members);
  // What has no data yet is for `site` to set up.
  const leaves = await readLeaves(hosts.filter(({ target }) => target.facts.data === 'present'));
  const whole = ledger(tallyOf(hosts));
  const fresh = arrivals.filter(({ isNew }) => isNew).map(({ name }) => name);
  return [
    ...(fresh.length > 0
      ? [
          {
            host: 'control',
            title: `take in ${fresh.join(', ')}`,
            ledger: whole,
            carryOut: () => takeInArrivals(options, files, members),
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

function certificatesOf({ target }: EtcdHost): readonly MemberCertificate[] {
  return KINDS.map((kind) => ({ name: memberOf(target).name, kind, sans: memberSans(target) }));
}

/** A CA that takes another's place comes from this machine, with its key. */
async function surveyQuiet(run: PlayRun<EtcdFacts>, { cluster, hosts }: Surveyed): Promise<void> {
  const open = openIntent(hosts);
  if (open?.verb === 'certs') {
    throw refusal(
      cluster,
      `run ${open.runId} rotates its CA: nothing is signed elsewhere meanwhile`,
      finishHint(open, cluster),
    );
  }
  await survey(run, keepVersion, 'certs');
}
