import { quote } from '../../../../dsl/sh.ts';
import type { ListedMember } from '../../../facts/etcdctl-answers.ts';
import type { MemberReading } from '../../../facts/read-member.ts';
import type { Finding } from '../../../health/answer.ts';
import { type Member, quorum } from '../../../model/cluster.ts';
import type { CauseId } from '../causes/index.ts';
import { dataDirOf, hasLog, otherData } from '../data.ts';
import type { Evidence } from '../evidence.ts';
import { add, anew, etcdctl, mend, path, type Remedy, replace, site } from '../remedies.ts';
import {
  aboutMember,
  type Clue,
  entryOf,
  hasQuorum,
  isHealthy,
  majority,
  memberList,
  type Scene,
} from '../scene.ts';

/** What members and their cluster do not agree on: who belongs to it, and with which data. */
export function ofMembership(scene: Scene): readonly Clue[] {
  return [
    ...scene.all.filter((one) => !isHealthy(one)).flatMap((one) => ofMember(one, scene)),
    ...strangers(scene),
    ...learners(scene),
    ...disagreements(scene),
  ];
}

function ofMember(one: Evidence, scene: Scene): readonly Clue[] {
  const { member, facts } = one;
  const about = aboutMember(member, scene);
  const clue = (cause: CauseId, evidence: string, remedy?: Remedy): readonly Clue[] => [
    { cause, host: member.host, evidence: `${member.host}: ${evidence}`, ...(remedy && { remedy }) },
  ];
  const lives = majority(scene).length > 0;
  const list = memberList(scene);
  const entry = entryOf(list, member);
  const joined = entry === undefined ? facts.formed !== undefined : entry.clientUrls.length > 0;
  const [elsewhere] = otherData(one);
  const lost = joined && (!hasLog(one) || one.journal.some(({ cause }) => BEGAN_ANEW.includes(cause)));
  if (lost && elsewhere !== undefined) {
    const evidence = `${dataDirOf(one)} ${hasLog(one) ? 'was begun anew' : 'has no data'}, and ${elsewhere} has`;
    return clue('misplaced-data', evidence, toData(one, elsewhere, scene));
  }
  if (lives && list.length > 0 && entry === undefined) return notListed(one, list, scene);
  if (hasLog(one)) return [];
  if (entry?.clientUrls.length === 0) return clue('unstarted', `${member.peerUrl} is in the list of members`);
  if (!joined) return [];
  const known =
    entry === undefined ? 'it was part of the cluster' : `member ${entry.id} has joined the cluster`;
  const evidence = `${known}, and there is no log in ${dataDirOf(one)}`;
  return clue(lives ? 'lost-data' : lostBy(scene), evidence, lives ? replace(about) : undefined);
}

/** What a member says that was started on an empty directory. */
const BEGAN_ANEW: readonly CauseId[] = ['lost-log', 'bootstrapped', 'member-count', 'no-peers'];

/** What is left may still be a majority, once it runs. */
function lostBy({ all, members }: Scene): CauseId {
  return all.filter(hasLog).length >= quorum(members.length) ? 'lost-data' : 'majority-lost';
}

/** etcd.conf may be wrong, or the inventory; or the data was moved. */
function toData(one: Evidence, found: string, scene: Scene): Remedy {
  const { member } = one;
  const about = aboutMember(member, scene);
  if (found === member.dataDir) return anew(about, 'config');
  const now = dataDirOf(one);
  const [from, to] = [path(member, found), path(member, now)];
  const stop = member.manager === 'systemd' ? [`systemctl stop ${member.service}`] : [];
  return [
    `set etcd_data_dir: ${quote(found)} for ${member.host}, and: ${site(about)}`,
    `or bring it back: ${mend(about, ...stop, `if [ -e ${to} ]; then mv ${to} ${to}.kept-$(date +%s); fi`, `mv ${from} ${to}`).join('; ')}`,
  ];
}

function notListed(one: Evidence, list: readonly ListedMember[], scene: Scene): readonly Clue[] {
  const { member, facts } = one;
  const about = aboutMember(member, scene);
  const clue = (cause: CauseId, what: string, remedy: Remedy): readonly Clue[] => [
    { cause, host: member.host, evidence: `${member.host}: ${what}`, remedy },
  ];
  const known = memberHosts(list, scene.members);
  const namesake = list.find((entry) => entry.name === member.name && !known.has(entry.id));
  if (namesake !== undefined) {
    return clue(
      'peer-url',
      `the cluster knows member ${namesake.name} (${namesake.id}) at ${namesake.peerUrls.join(' ')}, the inventory says ${member.peerUrl}`,
      [
        ...etcdctl(about, `member update ${quote(namesake.id)} --peer-urls=${quote(member.peerUrl)}`),
        site(about),
      ],
    );
  }
  // A cluster of its own is another matter, with a remedy of its own.
  if (facts.reading?.status !== undefined) return [];
  const evidence = `${member.peerUrl} is not in the list of members`;
  return hasLog(one) && facts.formed !== undefined
    ? clue('removed', evidence, add(about))
    : clue('not-a-member', evidence, add(about));
}

/** IDs of listed members that the inventory has. */
function memberHosts(list: readonly ListedMember[], members: readonly Member[]): ReadonlyMap<string, Member> {
  return new Map(
    list.flatMap((entry) => {
      const member = members.find(({ peerUrl }) => entry.peerUrls.includes(peerUrl));
      return member ? [[entry.id, member] as const] : [];
    }),
  );
}

/** Members that the inventory does not have, under no address and no name. */
function strangers(scene: Scene): readonly Clue[] {
  const list = memberList(scene);
  const known = memberHosts(list, scene.members);
  const unlisted = scene.members.filter((member) => entryOf(list, member) === undefined);
  return list
    .filter(
      ({ id, name, learner }) => !learner && !known.has(id) && !unlisted.some((one) => one.name === name),
    )
    .map(({ id, name, peerUrls }) => ({
      cause: 'not-in-inventory',
      evidence: `member ${name || 'without a name'} (${id}) at ${peerUrls.join(' ')}`,
      remedy: [
        'put its host back into the inventory',
        ...removal(id, scene).map((step) => `where it is not wanted any more: ${step}`),
      ],
    }));
}

function removal(id: string, scene: Scene): Remedy {
  const [first = scene.all[0]] = majority(scene);
  return first === undefined ? [] : etcdctl(aboutMember(first.member, scene), `member remove ${quote(id)}`);
}

/** One that runs is promoted; one that nobody knows, or that never started, can only go. */
function learners(scene: Scene): readonly Clue[] {
  const list = memberList(scene);
  const known = memberHosts(list, scene.members);
  return list
    .filter(({ learner }) => learner)
    .map(({ id, name, peerUrls, clientUrls }): Clue => {
      const member = known.get(id);
      const evidence = `${name || peerUrls.join(' ')} is still a learner`;
      if (member === undefined) return { cause: 'learner', evidence, remedy: removal(id, scene) };
      const about = { ...aboutMember(member, scene), id };
      const promote = etcdctl(about, `member promote ${quote(id)}`);
      const remedy =
        clientUrls.length > 0 ? promote : [`${site(about)}: it ends with 7, of a learner`, ...promote];
      return { cause: 'learner', host: member.host, evidence, remedy };
    });
}

/** By what members say of themselves. */
function disagreements(scene: Scene): readonly Clue[] {
  const { all, findings } = scene;
  const causes: Partial<Record<Finding['check'], CauseId>> = {
    foreign: 'foreign-program',
    'cluster-id': 'cluster-id',
    hash: 'corrupt',
    leader: 'no-quorum',
    'raft-lag': 'slow',
  };
  return findings.flatMap(({ check, host, message }) => {
    const cause = causes[check];
    if (cause === undefined || (check === 'leader' && hasQuorum(scene))) return [];
    const odd = host === undefined ? oddHosts(all, ODD_BY[check]) : [host];
    return (odd.length > 0 ? odd : [undefined]).map((one) => ({
      cause,
      ...(one !== undefined && { host: one }),
      evidence: message,
      ...(cause === 'cluster-id' &&
        one !== undefined &&
        hasJoined(one, scene) && { remedy: rejoin(one, scene) }),
    }));
  });
}

/** What members must agree on. */
const ODD_BY: Partial<Record<Finding['check'], (reading: MemberReading) => string | undefined>> = {
  'cluster-id': ({ status }) => status?.clusterId,
  hash: ({ hash }) => hash && String(hash.hash),
};

/** Those that do not say what a majority says; none where there is no majority. */
function oddHosts(
  all: readonly Evidence[],
  by: ((reading: MemberReading) => string | undefined) | undefined,
): readonly string[] {
  if (by === undefined) return [];
  const said = all.flatMap(({ member, facts: { reading } }) => {
    const value = reading && by(reading);
    return value === undefined ? [] : [{ host: member.host, value }];
  });
  const votes = (value: string) => said.filter((one) => one.value === value).length;
  const ruling = said.find(({ value }) => votes(value) > all.length / 2)?.value;
  return ruling === undefined ? [] : said.filter(({ value }) => value !== ruling).map(({ host }) => host);
}

/** The cluster has a member there that has run: data of another one took its place. */
function hasJoined(host: string, scene: Scene): boolean {
  const member = scene.members.find((one) => one.host === host);
  const entry = member && entryOf(memberList(scene), member);
  return entry !== undefined && entry.clientUrls.length > 0;
}

function rejoin(host: string, scene: Scene): Remedy {
  const member = scene.members.find((one) => one.host === host);
  return member === undefined ? [] : replace(aboutMember(member, scene));
}
