import { fingerprints } from '../../pki/index.ts';
import type { EtcdFacts } from '../facts/index.ts';
import type { Intent } from '../facts/intent.ts';
import { dropInMaySet } from '../facts/unit-facts.ts';
import { closedUrl } from '../files/etcd-conf.ts';
import { type Member, memberOf } from '../model/cluster.ts';
import { bootstrapFile, pidFile } from '../model/paths.ts';
import { goOnHint, openAmong, openSaid, type Witness } from '../survey/intents.ts';
import type { Surveyed } from '../surveyed.ts';
import { type NamedCluster, verbLine } from '../verb-line.ts';
import type { Answer, Finding } from './answer.ts';

/** A cluster with what its hosts have noted, and whom they trust. */
export interface Asked {
  readonly cluster: NamedCluster;
  readonly hosts: readonly (Witness & { readonly facts: Pick<EtcdFacts, 'caPem' | 'kept' | 'unit'> })[];
}

export function askedOf({ cluster, hosts }: Surveyed): Asked {
  return {
    cluster,
    hosts: hosts.map(({ target }) => ({ member: memberOf(target), facts: target.facts })),
  };
}

/**
 * What was begun and is not finished, and members that let no client in: a cluster may read and write all the same, and
 * is not a healthy one. Beside `judgeCluster`, since none of it keeps a verb from going on.
 */
export function halfWay(asked: Asked, answers: readonly Answer[]): readonly Finding[] {
  const { cluster, hosts } = asked;
  const open = openAmong(hosts.map(({ facts }) => facts.intent));
  const hint = open && goOnHint(open, cluster, hosts);
  const shut = answers.filter(
    ({ member, reading }) =>
      reading?.closed &&
      closedUrl(member) !== undefined &&
      (open !== undefined || reading.closedByVerb || !isMeant(member, asked)),
  );
  return [
    ...(open && hint && !waitsForClients(asked, open)
      ? [{ check: 'half-way' as const, message: openSaid(open), hint }]
      : []),
    ...shut.map(({ member }) => ({
      check: 'closed' as const,
      host: member.host,
      message: `${member.host} lets no client in: it listens on 127.0.0.1 alone`,
      hint: hint ?? opening(member, cluster),
    })),
  ];
}

/** Where no verb has closed it, somebody's drop-in has it listen there, behind a proxy: it is warned of as such. */
function isMeant(member: Member, { hosts }: Asked): boolean {
  const facts = hosts.find((one) => one.member.host === member.host)?.facts;
  return facts !== undefined && dropInMaySet(facts.unit, 'ETCD_LISTEN_CLIENT_URLS');
}

/** Nothing is open that would go on: it was started with a file that is left, and no role starts what runs anew. */
function opening(member: Member, cluster: NamedCluster): string {
  const { host, local, manager, service } = member;
  const there = `${local ? 'here' : `on ${host}`}: rm -f ${bootstrapFile(member)}`;
  if (manager === 'systemd') return `${there}; systemctl restart ${service}`;
  const site = verbLine('site', { name: cluster.name });
  return `${there}, and end the process that ${pidFile(member)} names; then ${site} starts it`;
}

/** A rotation of the CA may rest for weeks where all members trust both CAs: that is said, and is not a fault. */
export function restingRotation(asked: Asked): readonly string[] {
  const open = openAmong(asked.hosts.map(({ facts }) => facts.intent));
  if (open === undefined || !waitsForClients(asked, open)) return [];
  const line = verbLine('certs', asked.cluster, '--rotate-ca');
  return [
    `${asked.cluster.name}: a rotation of its CA is under way, begun by run ${open.runId}, and every member trusts both CAs: ${line} says what clients need, and goes on`,
  ];
}

/** Every process has loaded the same file, with the CA that is to come and another one beside it. */
function waitsForClients({ hosts }: Asked, { verb, target }: Intent): boolean {
  if (verb !== 'certs') return false;
  const facts = hosts.map((host) => host.facts);
  const [first] = facts;
  const pem = first?.caPem ?? '';
  const prints = fingerprints(pem);
  return (
    prints.length > 1 &&
    prints.some((one) => target === `CA ${one}`) &&
    facts.every(({ caPem, kept }) => caPem === pem && kept.loadedCa === first?.kept.loadedCa)
  );
}
