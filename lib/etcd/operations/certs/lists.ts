import { isDue, type PlannedTask, type PlayRun } from '../../../dsl/play.ts';
import { file } from '../../../resources/file.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { memberService } from '../../files/member-service.ts';
import { clusterOf, memberOf, quorum } from '../../model/cluster.ts';
import { crlFile } from '../../model/paths.ts';
import { refusal } from '../../refusal.ts';
import { leaderLast, stops } from '../../roll.ts';
import { isCertificate } from '../../survey/admit-certificates.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import type { OperationStep } from '../common/operation.ts';
import { refusePending } from '../common/pending.ts';
import { ledger, tallyOf } from '../common/tally.ts';
import { refuseDowntime, takeTurn } from './turn.ts';

/**
 * Lays the list of revoked certificates down on hosts that lack it, where etcd reads it for each connection; the first
 * time, members are restarted to look at it at all.
 */
export async function layingSteps(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  lacks: (host: EtcdHost) => boolean,
): Promise<readonly OperationStep[]> {
  const hosts = leaderLast(surveyed.hosts, surveyed);
  const blind = hosts.filter(({ target }) => !target.facts.kept.looksAtList);
  await refuseOthers(run, { ...surveyed, hosts: blind });
  await run.each(hosts, (host) => host.replan());
  const turns = hosts.filter((host) => blind.includes(host) || isOnlyToRestart(host));
  if (turns.length > 0) refuseDowntime(surveyed);
  const whole = tallyOf(hosts);
  return [
    ...hosts.filter(lacks).map((host) => ({
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
export function mayMissToLay({ hosts, unreachable }: PlayRun<EtcdFacts>): readonly string[] {
  const [first] = hosts;
  const allLook = hosts.every(({ target }) => target.facts.kept.looksAtList);
  const isMost = first !== undefined && hosts.length >= quorum(clusterOf(first.target).members.length);
  return allLook && isMost ? unreachable : [];
}

/** A list of the user's own is not to be overwritten, and etcd looks at one alone. */
export function refuseOwnList({ cluster, hosts }: Surveyed): void {
  const settings = hosts.map(({ target }) => target.vars.etcd_settings as Readonly<Record<string, unknown>>);
  if (!settings.some((one) => one?.['client-crl-file'] !== undefined)) return;
  throw refusal(
    cluster,
    'etcd_settings has a client-crl-file of your own, and members look at one list alone; nothing was changed',
    'put the certificate on that list, or take the setting out',
  );
}

/** Refuses what differs as if there were no list: the restart that has a member look at it would bring that along. */
async function refuseOthers(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<void> {
  await run.each(surveyed.hosts, async (host) => {
    const { facts } = host.target;
    const { cluster, kept } = facts;
    Object.assign(facts, { cluster: { ...cluster, crl: undefined }, kept: { ...kept, crl: undefined } });
    try {
      await host.replan();
    } finally {
      Object.assign(facts, { cluster, kept });
    }
  });
  refusePending(surveyed);
}

/** Its turn was cut off after its files. Where those differ as well it is not about the list, which it looks at already. */
function isOnlyToRestart(host: EtcdHost): boolean {
  const list = crlFile(memberOf(host.target));
  const isOfIt = (one: PlannedTask) => isCertificate(one) || file.wishOf(one.task)?.path === list;
  const others = host.plan.filter((one) => isDue(one) && !isOfIt(one));
  return stops(host) && others.every(({ task }) => memberService.wishOf(task));
}
