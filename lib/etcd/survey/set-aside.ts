import { hostNames } from '../../dsl/play.ts';
import type { QuorateError } from '../../errors.ts';
import { memberOf } from '../model/cluster.ts';
import { setAsideHosts } from '../model/set-aside.ts';
import { refusal } from '../refusal.ts';
import { type EtcdHost, livingList, type Surveyed } from '../surveyed.ts';
import { verbLine } from '../verb-line.ts';

/**
 * Why data that the user's word (`--set-aside-data`) wants to make way has to stay: it is, or may be, part of the
 * cluster. It may go where its member never joined a cluster that lives, and where no member ever was part of a
 * quorum: nothing was acknowledged there, and the cluster is founded anew.
 */
export function setAsideProblems(surveyed: Surveyed): readonly QuorateError[] {
  return toMakeWay(surveyed).flatMap((host) => reasonToKeep(host, surveyed) ?? []);
}

/** From here on these hosts count as hosts without data. */
export function markSetAside(surveyed: Surveyed): void {
  for (const { target } of toMakeWay(surveyed)) {
    const { facts } = target;
    facts.setAside = true;
    facts.data = 'absent';
    facts.reading = undefined;
    if (facts.service !== 'absent') facts.service = 'inactive';
  }
}

/** Named, with data, and not done by an earlier run already, so that the member works in this cluster. */
function toMakeWay(surveyed: Surveyed): readonly EtcdHost[] {
  return surveyed.hosts.filter(
    (host) => isNamed(host) && host.target.facts.data === 'present' && !isHealthyMember(host, surveyed),
  );
}

function isNamed({ target }: EtcdHost): boolean {
  return setAsideHosts(target.vars).includes(target.name);
}

function isHealthyMember(host: EtcdHost, { hosts }: Surveyed): boolean {
  const { reading } = host.target.facts;
  const id = reading?.status?.clusterId;
  const same = hosts.filter(({ target }) => target.facts.reading?.status?.clusterId === id);
  return reading?.healthy === true && same.length > 1;
}

function reasonToKeep(host: EtcdHost, { cluster, hosts }: Surveyed): QuorateError | undefined {
  const member = memberOf(host.target);
  const stays = (message: string, hint: string) =>
    refusal(member, `its data stays where it is: ${message}`, hint);
  const others = hosts.filter((other) => other !== host);
  const replaced = verbLine('members', cluster, '--replace', host.target.name);
  const list = livingList(others);
  if (list) {
    const listed = list.find(({ peerUrls }) => peerUrls.includes(member.peerUrl));
    if (!listed)
      return stays(
        `${cluster.name} lives and does not list ${member.peerUrl}`,
        `add the member with its data set aside: ${replaced}`,
      );
    if (listed.clientUrls.length === 0) return undefined;
    return stays(
      `member ${listed.name} (${listed.id}) has joined ${cluster.name} before`,
      `it must not come back under its old promises without its log, but as a new member: ${replaced}`,
    );
  }
  const holders = others.filter((other) => other.target.facts.data === 'present' && !isNamed(other));
  if (holders.length > 0) {
    return stays(
      `there is no majority to go by: there is data on ${hostNames(holders)}, too, and no quorum`,
      'start the members that belong together first',
    );
  }
  if (
    host.target.facts.owner !== undefined &&
    hosts.some(({ target }) => target.facts.formed !== undefined)
  ) {
    return stays(
      `it was set up as a member of ${cluster.name}, and no other member has data that stays`,
      `this may be the last copy: ${verbLine('recover', cluster, '--from', host.target.name)} makes the cluster of it; or move it by hand if it is not needed`,
    );
  }
  return undefined;
}
