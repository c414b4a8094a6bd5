import { commandLine } from '../../command-line.ts';
import { endOf } from '../facts/found-certificates.ts';
import { strangeSource } from '../facts/strange-source.ts';
import { strangeDropIns } from '../facts/unit-facts.ts';
import { saysWhoIsPeer } from '../files/etcd-conf.ts';
import { memberOf } from '../model/cluster.ts';
import { SKEW } from '../survey/preflight.ts';
import type { EtcdHost, Surveyed } from '../surveyed.ts';
import type { Answer } from './answer.ts';
import { askedOf, restingRotation } from './half-way.ts';
import { missedSnapshots } from './missed-snapshots.ts';
import { nextStarts } from './next-start.ts';
import { quotaGiven, quotaOf } from './quota.ts';
import { letsInRevoked } from './revoked.ts';
import { listWarnings } from './revoked-list.ts';
import { CA_SOON, daysUntil } from './table.ts';

/** Days before its end at which a certificate is worth a warning: a run renews it by then. */
const SOON = 30;

/** Of its quota a share at which data is worth a warning. */
const NEARLY = 0.8;

const MIB = 1024 ** 2;

/** What does not make a cluster unhealthy, and may in time: one line each. `lists` as in `letsInRevoked`. */
export function worthKnowing(
  { cluster, hosts }: Surveyed,
  answers: readonly Answer[],
  lists: readonly Buffer[] = [],
): readonly string[] {
  const caEnd = answers.flatMap((answer) => answer.caEnd ?? []).sort((a, b) => a.getTime() - b.getTime())[0];
  return [
    ...certificates(answers, caEnd),
    ...(caEnd === undefined ? [] : authority(cluster.name, caEnd)),
    ...listWarnings({ cluster, hosts }),
    ...peerPort(cluster.name, hosts),
    ...hosts.flatMap(dropIns),
    ...nextStarts(hosts),
    ...full(cluster.name, answers, hosts),
    ...clocks(cluster.name, hosts),
    ...missedSnapshots({ cluster, hosts }),
    ...hosts.flatMap(keys),
    ...hosts.flatMap((one) => sources(one, hosts)),
    ...hosts.flatMap(openings),
    ...downgrade(cluster.name, answers),
    ...letsInRevoked(hosts, lists).map(({ message, hint }) => `${message}; ${hint}`),
    ...restingRotation(askedOf({ cluster, hosts })),
  ];
}

/** etcd waits for all members to go down, for as long as that takes. */
function downgrade(cluster: string, answers: readonly Answer[]): readonly string[] {
  const down = answers.find(({ reading }) => reading?.status?.goingDownTo)?.reading?.status?.goingDownTo;
  if (down === undefined) return [];
  const how = `with --downgrade ${commandLine('upgrade')} finishes it, with --cancel it takes it back`;
  return [`${cluster}: a downgrade to ${down} is under way: ${how}`];
}

/** Members whose certificates end on one day share a line. None outlives its CA. */
function certificates(answers: readonly Answer[], caEnd: Date | undefined): readonly string[] {
  const byDays = new Map<number, string[]>();
  for (const { member, reading } of answers) {
    const end = endOf(reading?.certificates ?? []);
    const days = end === undefined ? SOON : daysUntil(end);
    if (days >= 0 && days < SOON) byDays.set(days, [...(byDays.get(days) ?? []), member.host]);
  }
  const renewal = caEnd !== undefined && daysUntil(caEnd) < SOON ? '' : ': a run renews it';
  return [...byDays].map(
    ([days, hosts]) => `${hosts.join(', ')}: a certificate ends in ${days} days${renewal}`,
  );
}

function authority(cluster: string, end: Date): readonly string[] {
  const days = daysUntil(end);
  if (days >= CA_SOON) return [];
  const when = days < 0 ? `ended ${end.toISOString().slice(0, 10)}` : `ends in ${days} days`;
  const way =
    days < 0
      ? `${commandLine('doctor')} has the steps`
      : `${commandLine('certs')} --rotate-ca makes another one`;
  return [`${cluster}: its CA ${when}, and every certificate with it; no run renews it: ${way}`];
}

/** A cluster that was founded before members were told apart from clients stays so until somebody asks for more. */
function peerPort(cluster: string, hosts: readonly EtcdHost[]): readonly string[] {
  const open = hosts.filter(({ target }) => target.facts.kept.peersApart === false && !saysWhoIsPeer(target));
  if (open.length === 0) return [];
  const names = open.map(({ target }) => target.name).join(', ');
  return [
    `${cluster}: the peer port of ${names} lets in any certificate of the CA, those of clients too: once all members have certificates from here, etcd_settings: {peer-cert-allowed-hostname: localhost} lets in members only, by a rolling restart`,
  ];
}

/** Warn of drop-ins that others put over our unit: we keep them, but they change how the member runs. */
function dropIns({ target }: EtcdHost): readonly string[] {
  const { service } = memberOf(target);
  return strangeDropIns(target.facts.unit).map(
    ({ path, said }) =>
      `${target.name}: ${path} changes how ${service} runs: ${said.join(', ')}; take it out, or say it in etcd_settings`,
  );
}

/** At its quota a member takes no write: to know it before is worth more. Where the alarm is on, that is told. */
function full(cluster: string, answers: readonly Answer[], hosts: readonly EtcdHost[]): readonly string[] {
  if (answers.some(({ reading }) => (reading?.alarms ?? []).length > 0)) return [];
  const shares = answers.flatMap(({ member, reading }) => {
    if (reading?.status === undefined) return [];
    const size = reading.status.dbSize;
    const host = hosts.find(({ target }) => target.name === member.host);
    const given = host && quotaGiven(host.target);
    const quota = quotaOf(reading, given);
    const isDue = given !== undefined && given > quota;
    return size >= quota * NEARLY ? [{ host: member.host, share: size / quota, quota, isDue }] : [];
  });
  const [fullest] = shares.sort((a, b) => b.share - a.share);
  if (fullest === undefined) return [];
  const { host, share, quota, isDue } = fullest;
  const room = isDue
    ? `${commandLine('site')} gives it that of etcd_settings`
    : 'raise quota-backend-bytes in etcd_settings';
  return [
    `${cluster}: the database of ${host} has ${Math.floor(share * 100)} % of its quota of ${Math.round(quota / MIB)} MiB: at the quota it takes no write; compact and defragment it, or ${room}`,
  ];
}

/** etcd itself warns of that. Of the difference to this machine, which members do not see, the doctor speaks. */
function clocks(cluster: string, hosts: readonly EtcdHost[]): readonly string[] {
  const known = hosts.flatMap(({ target: { name, facts } }) =>
    facts.host.clock ? [{ name, ...facts.host.clock }] : [],
  );
  const [slow, fast] = [...known]
    .sort((a, b) => a.offset - b.offset)
    .filter((_, i, all) => i === 0 || i === all.length - 1);
  if (slow === undefined || fast === undefined) return [];
  const apart = fast.offset - slow.offset;
  if (apart - slow.within - fast.within <= SKEW) return [];
  return [
    `${cluster}: clocks differ: that of ${fast.name} is ${(apart / 1000).toFixed(1)} s ahead of that of ${slow.name}: chronyc tracking, or timedatectl timesync-status, there`,
  ];
}

function keys({ target }: EtcdHost): readonly string[] {
  const { reading, cluster } = target.facts;
  const wanted = cluster?.keyType;
  const other = reading?.certificates.find(({ keyType }) => keyType !== undefined && keyType !== wanted);
  if (wanted === undefined || other === undefined) return [];
  const { certDir } = memberOf(target);
  return [
    `${target.name}: ${certDir}/${other.file} has a key of type ${other.keyType}, and new ones are ${wanted}: move it away there, and a run issues it anew`,
  ];
}

/**
 * An address that came later: what is connected stays so, and the next start finds firewalls and a certificate that do
 * not know it. Of a member that is not well, the survey and the doctor speak.
 */
function sources({ target }: EtcdHost, hosts: readonly EtcdHost[]): readonly string[] {
  const { facts, name } = target;
  const member = memberOf(target);
  const others = hosts.map((host) => host.target.facts);
  const strange = facts.reading?.healthy ? strangeSource({ member, facts }, others) : undefined;
  if (strange === undefined) return [];
  const { from, to, known } = strange;
  const isNamed = facts.reading?.certificates.some(
    ({ file, names }) => file === 'peer.pem' && names.includes(from),
  );
  if (isNamed && target.vars.etcd_firewall === 'none') return [];
  return [
    `${name}: its packets to ${to} leave from ${from}, and others know it as ${known.join(', ')}: once it is started anew, they are refused there: take ${from} away, or give the route the other source (ip route change, with src ${known[0]})`,
  ];
}

/** Rules of ours beside theirs are what shuts out what these let in. */
function openings({ target }: EtcdHost): readonly string[] {
  const { backend, own } = target.facts.firewall;
  const isOthers = backend === 'firewalld' || backend === 'ufw';
  if (!isOthers || own !== 'none' || !['auto', backend].includes(String(target.vars.etcd_firewall)))
    return [];
  return [
    `${target.name}: what ${backend} lets in besides stays open: there is neither nft nor iptables to shut it out with; install nftables`,
  ];
}
