import { sha256 } from '../../../dsl/path.ts';
import { isDue, type PlannedTask, type PlayRun } from '../../../dsl/play.ts';
import { readBundles, revokeBundle, wasRevoked, whyUnsigned } from '../../../pki/index.ts';
import { file } from '../../../resources/file.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { pkiOptions } from '../../files/certificates.ts';
import { memberService } from '../../files/member-service.ts';
import { clusterOf, memberOf, quorum } from '../../model/cluster.ts';
import { crlFile } from '../../model/paths.ts';
import { refusal } from '../../refusal.ts';
import { leaderLast, stops } from '../../roll.ts';
import { isCertificate } from '../../survey/admit-certificates.ts';
import { listsOnHosts } from '../../survey/revocations.ts';
import { clusterFacts, type EtcdHost, type Surveyed } from '../../surveyed.ts';
import type { OperationStep } from '../common/operation.ts';
import { refusePending } from '../common/pending.ts';
import { ledger, tallyOf } from '../common/tally.ts';
import { surveyWithCas } from './rotation/state.ts';
import { refuseDowntime, takeTurn } from './turn.ts';

/**
 * Takes the certificates of a client away: the list of revoked ones on control, then on each host, where etcd reads it
 * for each connection; the first time, members are restarted to look at it at all.
 */
export async function deriveRevocation(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  name: string,
): Promise<readonly OperationStep[]> {
  const { cluster } = surveyed;
  await surveyWithCas(run, surveyed);
  refuseOwnList(surveyed);
  const there = (await readBundles(cluster.pkiDir)).some((one) => one.name === name);
  if (there) await refuseUnsigned(surveyed);
  if (!there && !(await wasRevoked(cluster.pkiDir, name))) {
    throw refusal(
      cluster,
      `there is no client ${name} whose certificate could be revoked; nothing was changed`,
      `only what was issued with --client can be, and is noted in ${cluster.pkiDir}`,
    );
  }
  const hosts = leaderLast(surveyed.hosts, surveyed);
  const list = clusterFacts(surveyed)?.crl;
  const blind = hosts.filter(({ target }) => !target.facts.kept.looksAtList);
  await refuseOthers(run, { cluster, hosts: blind });
  await run.each(hosts, (host) => host.replan());
  const isLaid = ({ name, facts: { kept } }: EtcdHost['target']) =>
    list === undefined ||
    list.keeps.includes(name) ||
    (kept.crl !== undefined && sha256(kept.crl) === list.sha256);
  const laid = hosts.filter(({ target }) => there || !isLaid(target));
  const turns = hosts.filter((host) => blind.includes(host) || isOnlyToRestart(host));
  if (turns.length > 0) refuseDowntime(surveyed);
  const whole = tallyOf(hosts);
  return [
    ...(there ? [revocation(surveyed, name)] : []),
    ...laid.map((host) => ({
      host: host.target.name,
      title: 'lay down the list of revoked certificates; no restart',
      ledger: ledger(whole),
      carryOut: () => host.apply(({ task }) => file.wishOf(task)?.path === crlFile(memberOf(host.target))),
    })),
    ...turns.map((host) => ({
      host: host.target.name,
      title: 'look at the list of revoked certificates from now on; a restart',
      ledger: ledger(whole, { healthy: -1 }),
      carryOut: () => takeTurn(run, surveyed, host),
    })),
  ];
}

/**
 * A stolen key does not wait for a host: the list is laid down where it can be, and the others get it once they are back.
 * Where a member does not look at one yet it is restarted, which wants all.
 */
export function mayMissToRevoke({ hosts, unreachable }: PlayRun<EtcdFacts>): readonly string[] {
  const [first] = hosts;
  const allLook = hosts.every(({ target }) => target.facts.kept.looksAtList);
  const isMost = first !== undefined && hosts.length >= quorum(clusterOf(first.target).members.length);
  return allLook && isMost ? unreachable : [];
}

function revocation(surveyed: Surveyed, name: string): OperationStep {
  const { hosts } = surveyed;
  return {
    host: 'control',
    title: `put every certificate of ${name} on the list of revoked ones`,
    ledger: ledger(tallyOf(hosts)),
    carryOut: async () => {
      const { target } = hosts[0]!;
      const others = await listsOnHosts(surveyed, target.facts.cluster?.caPem);
      await revokeBundle(pkiOptions(target), name, [...others.values()]);
    },
  };
}

/** A list is signed by the CA: told before anything is asked. */
async function refuseUnsigned({ cluster, hosts }: Surveyed): Promise<void> {
  const why = await whyUnsigned(pkiOptions(hosts[0]!.target));
  if (why === undefined) return;
  throw refusal(
    cluster,
    `no list of revoked certificates can be signed here: ${why}; nothing was changed`,
    'run it on a machine that has the key of the CA',
  );
}

/** Refuses what differs as if there were no list: the restart that has a member look at it would bring that along. */
async function refuseOthers(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<void> {
  await run.each(surveyed.hosts, async (host) => {
    const { facts } = host.target;
    const { cluster, kept } = facts;
    Object.assign(facts, { cluster: { ...cluster, crl: undefined }, kept: { ...kept, crl: undefined } });
    await host.replan();
    Object.assign(facts, { cluster, kept });
  });
  refusePending(surveyed);
}

/** Its turn was cut off behind its files. Where those differ as well it is not about the list, which it looks at already. */
function isOnlyToRestart(host: EtcdHost): boolean {
  const list = crlFile(memberOf(host.target));
  const isOfIt = (one: PlannedTask) => isCertificate(one) || file.wishOf(one.task)?.path === list;
  const others = host.plan.filter((one) => isDue(one) && !isOfIt(one));
  return stops(host) && others.every(({ task }) => memberService.wishOf(task));
}

/** A list of the user's own is not to be overwritten, and etcd looks at one alone. */
function refuseOwnList({ cluster, hosts }: Surveyed): void {
  const settings = hosts.map(({ target }) => target.vars.etcd_settings as Readonly<Record<string, unknown>>);
  if (!settings.some((one) => one?.['client-crl-file'] !== undefined)) return;
  throw refusal(
    cluster,
    'etcd_settings has a client-crl-file of your own, and members look at one list alone; nothing was changed',
    'put the certificate on that list, or take the setting out',
  );
}
