import { quote } from '../../../../dsl/shell/sh.ts';
import type { ListedMember } from '../../../facts/etcdctl/answers.ts';
import { type Answer, type Finding, oddHosts } from '../../../health/answer.ts';
import { strayIdentities } from '../../../health/identity.ts';
import type { Member } from '../../../model/cluster.ts';
import type { CauseId } from '../causes/index.ts';
import { dataDirOf, hasLog, otherData } from '../data.ts';
import type { Evidence } from '../evidence.ts';
import { anew, members, mend, on, path, type Remedy, remove, restore, site, start } from '../remedies.ts';
import {
  aboutMember,
  type Clue,
  clusterIn,
  entryOf,
  hasQuorum,
  isHealthy,
  majority,
  memberList,
  type Scene,
} from '../scene.ts';
import { ofClusterIds } from './cluster-ids.ts';

/** What members and their cluster do not agree on: who belongs to it, and with which data. */
export function ofMembership(scene: Scene): readonly Clue[] {
  return [
    ...scene.all.filter((one) => !isHealthy(one)).flatMap((one) => ofMember(one, scene)),
    ...strangers(scene),
    ...identities(scene),
    ...learners(scene),
    ...ofClusterIds(scene),
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
  if (facts.dataInstead !== undefined && dataDirOf(one) === member.dataDir)
    return clue('misplaced-data', `${member.dataDir} is ${facts.dataInstead}`, [
      on(member, `ls -l ${path(member, member.dataDir)}; mount or move the data there`),
      start(about),
    ]);
  const known =
    entry === undefined ? 'it was part of the cluster' : `member ${entry.id} has joined the cluster`;
  const evidence = `${known}, and there is no log in ${dataDirOf(one)}`;
  return clue(about.hopeless ? 'majority-lost' : 'lost-data', evidence);
}

/** What a member says that was started on an empty directory. */
const BEGAN_ANEW: readonly CauseId[] = ['lost-log', 'bootstrapped', 'member-count', 'no-peers'];

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
  const clue = (cause: CauseId, what: string): readonly Clue[] => [
    { cause, host: member.host, evidence: `${member.host}: ${what}` },
  ];
  const known = memberHosts(list, scene.members);
  const namesake = list.find((entry) => entry.name === member.name && !known.has(entry.id));
  if (namesake !== undefined) {
    return clue(
      'peer-url',
      `the cluster knows member ${namesake.name} (${namesake.id}) at ${namesake.peerUrls.join(' ')}, the inventory says ${member.peerUrl}`,
    );
  }
  // A cluster of its own is another matter, with a remedy of its own.
  if (facts.reading?.status !== undefined) return [];
  const evidence = `${member.peerUrl} is not in the list of members`;
  return clue(hasLog(one) && facts.formed !== undefined ? 'removed' : 'not-a-member', evidence);
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
    .map((entry) => ({
      cause: 'not-in-inventory',
      evidence: `member ${entry.name || 'without a name'} (${entry.id}) at ${entry.peerUrls.join(' ')}`,
      remedy: [
        'put its host back into the inventory',
        `where it is not wanted any more: ${removal(entry, scene)}`,
      ],
    }));
}

/** By its name, where no other one is meant by that. */
function removal({ id, name }: ListedMember, scene: Scene): string {
  const isOthers = scene.members.some((one) => one.host === name || one.name === name);
  const isUnique = memberList(scene).filter((one) => one.name === name).length === 1;
  const word = /^[\w.-]+$/.test(name) && isUnique && !isOthers ? name : id;
  return remove(clusterIn(scene), word);
}

/** One of the inventory is made to vote; one that nobody knows can only go. */
function learners(scene: Scene): readonly Clue[] {
  const list = memberList(scene);
  const known = memberHosts(list, scene.members);
  return list
    .filter(({ learner }) => learner)
    .map((entry): Clue => {
      const member = known.get(entry.id);
      const evidence = `${entry.name || entry.peerUrls.join(' ')} is still a learner`;
      if (member === undefined) return { cause: 'learner', evidence, remedy: [removal(entry, scene)] };
      return { cause: 'learner', host: member.host, evidence, remedy: [members(aboutMember(member, scene))] };
    });
}

/** Whose data it is has none that counts, unless it answers by itself: what was promised since is with the other. */
function identities({ all, findings }: Scene): readonly Clue[] {
  const stray = strayIdentities(all.map(({ member, facts: { reading } }) => ({ member, reading })));
  return stray.flatMap(({ host, owner, id, isCopy }): readonly Clue[] => {
    const evidence = findings.find((one) => one.check === 'identity' && one.host === host)?.message ?? '';
    if (!isCopy) return [{ cause: 'swapped', host, evidence }];
    const alone = all.some(({ member, facts: { reading } }) => {
      return member.host === owner.host && reading?.healthy && reading.status?.memberId === id;
    });
    const also = {
      cause: 'identity',
      host: owner.host,
      evidence: `${owner.host}: its member votes from ${host}`,
    } as const;
    return [{ cause: 'identity', host, evidence }, ...(alone ? [] : [also])];
  });
}

/** By what members say of themselves. */
function disagreements(scene: Scene): readonly Clue[] {
  const { all, findings } = scene;
  const answers = all.map(({ member, facts: { reading } }) => ({ member, reading }));
  const causes: Partial<Record<Finding['check'], CauseId>> = {
    foreign: 'foreign-program',
    hash: 'corrupt',
    leader: 'no-quorum',
    'raft-lag': 'slow',
  };
  return findings.flatMap(({ check, host, message }) => {
    const cause = causes[check];
    if (cause === undefined || (check === 'leader' && hasQuorum(scene))) return [];
    const by = ODD_BY[check];
    const odd = host !== undefined ? [host] : by ? oddHosts(answers, by) : [];
    return (odd.length > 0 ? odd : [undefined]).map((one) => ({
      cause,
      ...(one !== undefined && { host: one }),
      evidence: message,
      // No majority says which of them is right.
      ...(one === undefined && cause === 'corrupt' && { remedy: restore(clusterIn(scene)) }),
    }));
  });
}

/** What members must agree on. */
const ODD_BY: Partial<Record<Finding['check'], (answer: Answer) => string | undefined>> = {
  hash: ({ reading }) => reading?.hash && String(reading.hash.hash),
};
