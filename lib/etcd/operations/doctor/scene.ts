import type { ListedMember } from '../../facts/etcdctl/answers.ts';
import { isUp } from '../../facts/index.ts';
import type { MemberReading } from '../../facts/read-member.ts';
import { dropInMaySet } from '../../facts/unit-facts.ts';
import { closedUrl } from '../../files/etcd-conf.ts';
import type { Finding } from '../../health/answer.ts';
import { quotaOf } from '../../health/quota.ts';
import { type Member, quorum } from '../../model/cluster.ts';
import type { NamedCluster } from '../../verb-line.ts';
import type { About, Fill } from './about.ts';
import type { CauseId } from './causes/index.ts';
import { hasLog } from './data.ts';
import type { Evidence } from './evidence.ts';
import type { Remedy } from './remedies.ts';

/** One thing that speaks for a cause. */
export interface Clue {
  readonly cause: CauseId;
  /** Whom it is about, when that is one host. */
  readonly host?: string;
  readonly evidence: string;
  /** What puts it right, where what was found says it better than the cause alone. */
  readonly remedy?: Remedy;
}

/** All that is known of a cluster at one moment. */
export interface Scene {
  readonly members: readonly Member[];
  /** Of the hosts that were reached. */
  readonly all: readonly Evidence[];
  readonly findings: readonly Finding[];
  /** What the hosts' firewalls say of ports, by host. */
  readonly rules: ReadonlyMap<string, string>;
  /** The inventory has other clusters, too. */
  readonly hasSiblings: boolean;
  /** Lists of revoked certificates that members are to look at, DER. */
  readonly lists: readonly Buffer[];
  /** The run that ended the last recovery, as this machine or most hosts know it: see `recoveredLast`. */
  readonly recovered: string | undefined;
  /** Bytes of data that the inventory lets a member have, by host. */
  readonly quotas: ReadonlyMap<string, number>;
  /** Hosts that answered, and could not be looked into. */
  readonly barred: readonly string[];
  /** Hosts in whose place a new member is to come, once that is known. */
  readonly replaced: readonly string[];
}

/** A linearizable read through the member succeeded. */
export function isHealthy({ facts }: Evidence): boolean {
  return facts.reading?.healthy === true;
}

/** Those that answer, and belong together; a member with foreign data may be well all by itself. */
export function majority({ all }: Scene): readonly Evidence[] {
  const healthy = all.filter(isHealthy);
  const id = ({ facts }: Evidence) => facts.reading?.status?.clusterId;
  const votes = (one: Evidence) => healthy.filter((other) => id(other) === id(one)).length;
  const [first] = [...healthy].sort((a, b) => votes(b) - votes(a));
  return first === undefined ? [] : healthy.filter((one) => id(one) === id(first));
}

/** A majority of all members reads, and names one leader. */
export function hasQuorum(scene: Scene): boolean {
  const leaders = majority(scene).map(({ facts }) => facts.reading?.status?.leaderId ?? '');
  const needed = quorum(scene.members.length);
  return leaders.some(
    (leader) => leader !== '' && leaders.filter((other) => other === leader).length >= needed,
  );
}

/** The members as the cluster lists them; by whoever answers where there is no majority. */
export function memberList(scene: Scene): readonly ListedMember[] {
  const some: readonly Evidence[] = [...majority(scene), ...scene.all];
  return some.find(({ facts }) => facts.reading?.members)?.facts.reading?.members ?? [];
}

/** The entry of a member in such a list. */
export function entryOf(list: readonly ListedMember[], { peerUrl }: Member): ListedMember | undefined {
  return list.find(({ peerUrls }) => peerUrls.includes(peerUrl));
}

/** What a remedy for a member needs to know. */
export function aboutMember(member: Member, scene: Scene): About {
  const own = scene.all.find((one) => one.member.host === member.host);
  const list = memberList(scene);
  const healthy = majority(scene);
  const others = (some: readonly Evidence[]) => some.filter((one) => one.member.host !== member.host);
  const asker = others(healthy)[0] ?? healthy[0] ?? others(scene.all)[0] ?? own;
  const readings = scene.all.flatMap(({ facts }): readonly MemberReading[] =>
    facts.reading ? [facts.reading] : [],
  );
  const revisions = readings.flatMap(({ status }) => status?.revision ?? []);
  const voters = list.filter(({ learner }) => !learner).length;
  const version =
    readings.find(({ status }) => status?.version)?.status?.version ??
    scene.all.find(({ facts }) => facts.installed)?.facts.installed;
  return {
    member,
    cluster: clusterIn(scene),
    // One that is `activating` may be starting again and again.
    isReady: own?.facts.service === 'active',
    mayRun: own !== undefined && isUp(own.facts),
    works: own !== undefined && isHealthy(own),
    hasData: own !== undefined && hasLog(own),
    neverStarted: entryOf(list, member)?.clientUrls.length === 0,
    pid: String(own?.process?.pid ?? 'PID'),
    id: entryOf(list, member)?.id ?? 'ID',
    revision: revisions.length > 0 ? String(Math.max(...revisions)) : 'REVISION',
    asker: asker ? asAsked(asker) : member,
    closed: scene.all.some((one) => asAsked(one).clientUrl === closedUrl(one.member)),
    fill: fullest(scene),
    version,
    voters: voters > 0 ? voters : scene.members.length,
    healthy: healthy.length,
    ...savedIn(scene),
    members: scene.members,
  };
}

/** 3.3 does not tell. */
function fullest({ all, quotas }: Scene): Fill | undefined {
  const fills = all.flatMap(({ member, facts }): readonly Omit<Fill, 'largest'>[] => {
    const { dbSize: size, inUse } = facts.reading?.status ?? {};
    if (facts.reading === undefined || size === undefined || inUse === undefined) return [];
    const inventory = quotas.get(member.host);
    const given = dropInMaySet(facts.unit, 'ETCD_QUOTA_BACKEND_BYTES') ? undefined : inventory;
    return [{ size, inUse, quota: quotaOf(facts.reading, inventory), given }];
  });
  const [first] = [...fills].sort((a, b) => b.size / b.quota - a.size / a.quota);
  const known = [...fills.map(({ quota }) => quota), ...quotas.values()].filter(Number.isFinite);
  return first && { ...first, largest: Math.max(...known) };
}

/** Where it has answered: others may not reach it there. */
function asAsked({ member, facts }: Evidence): Member {
  return { ...member, clientUrl: facts.reading?.askedAt ?? member.clientUrl };
}

/** For the command lines of verbs. */
export function clusterIn({ members, hasSiblings }: Scene): NamedCluster {
  return { name: members[0]?.cluster ?? '', hasSiblings };
}

/** Who has what is left of the cluster. */
function savedIn(scene: Scene): Pick<About, 'replaced' | 'resting' | 'hopeless' | 'copies' | 'damaged'> {
  const { all, members, replaced } = scene;
  const isReplaced = ({ member }: Evidence) => replaced.includes(member.host);
  const withLog = all.filter(hasLog).sort((a, b) => newest(b) - newest(a));
  const intact = withLog.filter((one) => !isReplaced(one));
  // Nobody knows of those that were not reached.
  const mayVote = intact.length + members.length - all.length;
  return {
    replaced,
    resting: all.filter((one) => intact.includes(one) && !isUp(one.facts)).map(({ member }) => member.host),
    hopeless: majority(scene).length === 0 && mayVote < quorum(members.length),
    copies: intact.map(({ member }) => member),
    damaged: all.filter((one) => isReplaced(one) && hasLog(one)).map(({ member }) => member.host),
  };
}

function newest({ logs }: Evidence): number {
  return Math.max(0, ...logs.map(({ changed }) => changed));
}
