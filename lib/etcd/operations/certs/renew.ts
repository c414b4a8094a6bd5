import { PerRun } from '../../../dsl/common/per-run.ts';
import type { PlayRun } from '../../../dsl/play.ts';
import { fingerprint, readBundles } from '../../../pki/index.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { clusterPki } from '../../files/certificates.ts';
import { hostCalled } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import { admitIssuing, dueCertificates, isCertificate } from '../../survey/admit-certificates.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import type { OperationStep } from '../common/operation.ts';
import { ledger, tallyOf } from '../common/tally.ts';
import { trustedByClients } from './clients.ts';
import { readLeaves } from './leaves.ts';
import { surveyWithCas } from './rotation/state.ts';

/** Fingerprints of what was there when the run began, of those that are to go whatever they are like. */
const retired = new PerRun<{ prints?: readonly string[] }>(() => ({}));

/**
 * Certificates that are made anew: what is due, or all of the hosts and clients in `words`; with `--all` every one.
 * Members read theirs at each handshake, so nothing is restarted.
 */
export async function deriveRenewal(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  words: readonly string[],
): Promise<readonly OperationStep[]> {
  const { cluster, hosts } = surveyed;
  await surveyWithCas(run, surveyed, { issues: true });
  const vars = hosts[0]?.target.vars ?? {};
  const bundles = await readBundles(cluster.pkiDir);
  const names = namesMeant(
    surveyed,
    words,
    bundles.map(({ name }) => name),
  );
  const isNamed = (name: string) => vars.all === true || names.includes(name);
  retired.own.prints ??= [
    ...(await printsOf(hosts.filter(({ target }) => isNamed(target.name)))),
    ...bundles
      .filter(({ name }) => isNamed(name))
      .flatMap(({ certPem }) => (certPem ? fingerprint(certPem) : [])),
  ];
  const going = retired.own.prints;
  const reissue = { retired: going, newKeys: vars['new-keys'] === true };
  for (const { target } of hosts) {
    if (target.facts.cluster) target.facts.cluster = { ...target.facts.cluster, ...reissue };
  }
  await run.each(hosts, (host) => host.replan());
  const meant = (name: string) => names.length === 0 || isNamed(name);
  const due = hosts.filter((host) => meant(host.target.name) && dueCertificates(host).length > 0);
  await admitIssuing(run);
  const { target } = hosts[0]!;
  const pki = await clusterPki(target);
  const dueClients = (await pki.bundlesDue(going)).filter(meant);
  const whole = ledger(tallyOf(hosts));
  return [
    ...due.map((host) => ({
      host: host.target.name,
      title: 'make its certificates anew; no restart',
      ledger: whole,
      carryOut: () => host.apply(isCertificate),
    })),
    ...dueClients.map((name) => ({
      host: 'control',
      title: `make the bundle of ${name} anew`,
      ledger: whole,
      carryOut: async () => {
        const trusts = await trustedByClients(surveyed);
        await pki.issueBundle(name, trusts, { retired: going, newKey: reissue.newKeys });
      },
    })),
  ];
}

async function printsOf(hosts: readonly EtcdHost[]): Promise<readonly string[]> {
  const leaves = await readLeaves(hosts);
  return [...leaves.values()].flat().map(({ pem }) => fingerprint(pem));
}

/** The hosts and clients that words of a command line mean; a host may be called as its member. Refuses what is neither. */
export function namesMeant(
  { cluster }: Surveyed,
  words: readonly string[],
  clients: readonly string[],
): readonly string[] {
  const known = [...cluster.members.map(({ host }) => host), ...clients];
  const names = words.map((word) =>
    known.includes(word) ? word : (hostCalled(word, cluster.members) ?? word),
  );
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return names;
  throw refusal(
    cluster,
    `no host or client of that name: ${unknown.join(', ')}; nothing was changed`,
    `there are ${known.join(', ')}`,
  );
}
