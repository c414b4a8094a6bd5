import { letsInRevoked } from '../../../health/revoked.ts';
import { etcdctl } from '../remedies.ts';
import { aboutMember, type Clue, majority, type Scene } from '../scene.ts';
import { ofCertificates } from './certificates.ts';
import { ofFiles } from './files.ts';
import { ofHost } from './host.ts';
import { ofMembership } from './membership.ts';
import { ofNetwork } from './network.ts';
import { ofUnit } from './unit.ts';

/** What was seen just now on hosts, between them, and of the cluster as a whole. */
export function measuredClues(scene: Scene): readonly Clue[] {
  return [
    ...ofHalfWay(scene),
    ...ofUnreached(scene),
    ...ofRevoked(scene),
    ...scene.all.flatMap((one) => [...ofHost(one, scene), ...ofUnit(one, scene), ...ofFiles(one, scene)]),
    ...ofAlarms(scene),
    ...ofCertificates(scene),
    ...ofNetwork(scene),
    ...ofMembership(scene),
  ];
}

/** The line that goes on is that of the verb, whatever members it has closed on its way. */
function ofHalfWay({ findings }: Scene): readonly Clue[] {
  return findings
    .filter(({ check }) => check === 'half-way' || check === 'closed')
    .map(({ message, host, hint = '' }) => ({
      cause: 'half-way',
      ...(host !== undefined && { host }),
      evidence: message,
      remedy: [hint],
    }));
}

function ofRevoked({ all, lists }: Scene): readonly Clue[] {
  const hosts = all.map(({ member, facts }) => ({ target: { name: member.host, facts } }));
  return letsInRevoked(hosts, lists).map(({ host, message, hint }) => ({
    cause: 'revoked',
    host,
    evidence: message,
    remedy: [hint],
  }));
}

/** Of a host that was not reached others may know more: whether its member answers them. */
function ofUnreached({ members, all, barred }: Scene): readonly Clue[] {
  return members
    .filter(({ host }) => !all.some(({ member }) => member.host === host))
    .map(({ host }): Clue => {
      if (barred.includes(host))
        return { cause: 'barred', host, evidence: `${host}: the error about it says why nothing was read` };
      const seen = all.flatMap(({ ports }) => ports).filter(({ to }) => to === host);
      const open = seen.find(({ state }) => state === 'open');
      if (open) {
        const evidence = `${host}: not reached from here; ${open.from} → ${host}:${open.port} is open`;
        return { cause: 'ssh-down', host, evidence };
      }
      const tried =
        seen.length > 0 ? `, nor from ${[...new Set(seen.map(({ from }) => from))].join(', ')}` : '';
      return { cause: 'host-down', host, evidence: `${host}: not reached from here${tried}` };
    });
}

/** Every member lists the alarms of all: each counts once, for the member that raised it. */
function ofAlarms(scene: Scene): readonly Clue[] {
  const readings = scene.all.flatMap(({ facts }) => facts.reading ?? []);
  const listed = readings.flatMap(({ members }) => members ?? []);
  const raised = readings.flatMap(({ alarms }) => alarms ?? []);
  const [asker] = majority(scene);
  const distinct = new Map(raised.map((one) => [`${one.alarm} ${one.memberId}`, one]));
  return [...distinct.values()].map(({ memberId, alarm }): Clue => {
    const isListed = listed.length === 0 || listed.some(({ id }) => id === memberId);
    const peerUrls = listed.find(({ id }) => id === memberId)?.peerUrls ?? [];
    const host = scene.all.find(({ member }) => peerUrls.includes(member.peerUrl))?.member.host;
    return {
      cause: alarm === 'CORRUPT' ? 'corrupt' : 'quota',
      ...(host !== undefined && { host }),
      evidence: `alarm ${alarm} on ${host ?? `member ${memberId}`}`,
      // It outlives its member.
      ...(!isListed && asker && { remedy: etcdctl(aboutMember(asker.member, scene), 'alarm disarm') }),
    };
  });
}
