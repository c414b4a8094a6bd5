import { isIP } from 'node:net';
import { isDue, type PlannedTask, type PlayRun } from '../../../dsl/play.ts';
import type { HostData } from '../../../dsl/role.ts';
import { namedParts } from '../../../dsl/shell/probe.ts';
import { joinSh, sh } from '../../../dsl/shell/sh.ts';
import type { ListedMember as Answered } from '../../facts/etcdctl/answers.ts';
import { etcdctlFunction } from '../../facts/etcdctl/etcdctl.ts';
import { type ClusterFacts, type EtcdFacts, isUp } from '../../facts/index.ts';
import { answersFromFacts, knownAnswers } from '../../health/ask.ts';
import { strayIdentities } from '../../health/identity.ts';
import { corruptHosts } from '../../health/judge-hashes.ts';
import { memberOf } from '../../model/cluster.ts';
import { confFile, formedRecord } from '../../model/paths.ts';
import { isOf } from '../../model/role-names.ts';
import { compareVersions } from '../../model/versions.ts';
import { starts, stops } from '../../roll.ts';
import { type EtcdHost, livingList, mostSaid, ofRecovered, type Surveyed } from '../../surveyed.ts';
import { wordsOf } from './flags.ts';
import { addressesOf, type Guest, guestsOf, knownUrls } from './guests.ts';
import { type ListedMember, memberAt, type Place, placeOf, type Scene, type Words } from './scene.ts';

/** A cluster looked at: what it is, and what the roles are to take for its hosts. */
export interface View {
  readonly scene: Scene;
  /** The inventory without who has left, and with those members that it does not have. */
  readonly others: HostData['hostvars'];
  /** Hosts whose member is listed where the inventory has it, running or not: they were planned. */
  readonly settled: readonly EtcdHost[];
}

/**
 * Looks at the members and their hosts, and plans those that have one; changes nothing. `facts` are what the survey
 * found; `tidies` as in `Scene`; `said` what the user said, by default with the flags of `members`.
 */
export async function look(
  run: PlayRun<EtcdFacts>,
  { cluster, hosts }: Surveyed,
  facts: ClusterFacts,
  tidies: boolean,
  said?: Words,
): Promise<View> {
  const [first] = hosts;
  if (first === undefined) throw new Error('a cluster without a host');
  for (const { target } of hosts) target.facts.cluster = factsAt(target.facts, facts);
  const runsAt = await addressesOf(run, hosts);
  const places = cluster.members.map((member) => {
    const host = hosts.find(({ target }) => target.name === member.host);
    return placeAt(member, host, runsAt.get(member.host)?.url);
  });
  const words = said ?? wordsOf(first.target.vars);
  const listed = await membersOf({ cluster, hosts }, places, await wrongOnes(run, { cluster, hosts }, words));
  const base = { cluster: cluster.name, listed, places, learners: haveLearners(hosts), words };
  const { guests, strange } = guestsOf(base, runsAt, knownUrls(hosts));
  for (const { name, address, port } of strange)
    run.log(
      'warning',
      `${name}: its process says that it runs at ${address}:${port}, which neither the members nor a file of ours say: no rule lets that in`,
    );
  const others = othersOf(base, first, guests);
  const settled = hosts.filter(({ target }) => isSettled(target.name, base));
  await run.each(settled, (host) => host.replan({}, others));
  const mine = (host: EtcdHost) => host.plan.filter((one) => isOf(one, 'firewall'));
  const files = settled.some((host) => host.plan.some((one) => isDue(one) && namesMembers(host, one)));
  // Files that name others than the members are left by a run of this verb that was killed in its last step.
  const isLeft = said === undefined && files;
  return {
    others,
    settled,
    scene: {
      ...base,
      tidies: tidies || isLeft || words.remove.length + words.replace.length > 0,
      setsRules: settled.some((host) => mine(host).length > 0),
      rules:
        guests.every(({ address }) => isIP(address) !== 0) && settled.some((host) => mine(host).some(isDue)),
      files,
    },
  };
}

/** A member that runs keeps its version: in the middle of an upgrade they differ. */
export function factsAt({ reading }: Pick<EtcdFacts, 'reading'>, facts: ClusterFacts): ClusterFacts {
  return { ...facts, version: reading?.status?.version ?? facts.version };
}

/** A file that names the members and that nobody who runs has loaded; none where a restart waits for site. */
export function namesMembers(host: EtcdHost, { task }: PlannedTask): boolean {
  if (stops(host) || starts(host)) return false;
  const member = memberOf(host.target);
  return [confFile(member), formedRecord(member)].some((path) => task.resource === `file:${path}`);
}

/** Its member is listed where the inventory has it, and runs there. */
function isSettled(host: string, { places, listed }: Pick<Scene, 'places' | 'listed'>): boolean {
  const place = places.find((one) => one.host === host);
  const member = place && memberAt(place, listed);
  return member?.started === true && place?.data === true && !place.elsewhere;
}

function placeAt(
  { host, name, peerUrl }: Surveyed['cluster']['members'][number],
  found: EtcdHost | undefined,
  runsAt: string | undefined,
): Place {
  const facts = found?.target.facts;
  return {
    host,
    name,
    peerUrl,
    reached: found !== undefined,
    data: facts?.data === 'present',
    keeps: facts?.data === 'present' && !facts.kept.withoutLog,
    up: facts !== undefined && isUp(facts),
    elsewhere: runsAt !== undefined && runsAt !== peerUrl,
  };
}

function haveLearners(hosts: readonly EtcdHost[]): boolean {
  const versions = hosts.flatMap(({ target }) => target.facts.reading?.status?.version ?? []);
  return versions.length > 0 && versions.every((version) => compareVersions(version, '3.4.0') >= 0);
}

/** The list of the members, by one that works if there is one, with how each is. */
async function membersOf(
  { cluster, hosts }: Surveyed,
  places: readonly Place[],
  wrong: ReadonlySet<string>,
): Promise<readonly ListedMember[]> {
  // Whoever has the data of another cluster says nothing about this one.
  const found = ofRecovered(hosts);
  const readings = found.flatMap(({ target: { facts } }) => facts.reading ?? []);
  const list =
    livingList(hosts) ?? mostSaid(readings.flatMap(({ members }) => (members ? [members] : []))) ?? [];
  const known = (id: string) => readings.find(({ status }) => status?.memberId === id);
  const astray = astrayIn({ cluster, hosts: found });
  const apart = list.filter(
    ({ peerUrls, clientUrls }) =>
      clientUrls.length > 0 && !places.some(({ reached, peerUrl }) => reached && peerUrls.includes(peerUrl)),
  );
  const answering = await askApart(hosts, apart);
  return list.map(({ id, name, peerUrls, clientUrls, learner }) => {
    const reading = known(id);
    const works = learner ? reading?.status !== undefined : reading?.healthy === true;
    return {
      id,
      name,
      peerUrls,
      started: clientUrls.length > 0,
      learner,
      healthy: (works || answering.has(id)) && !wrong.has(id),
      ...astray(id),
    };
  });
}

/** Where a member is answered for from another one's host, which has a copy of its data, and not from its own. */
function astrayIn({ cluster, hosts }: Surveyed) {
  const copies = strayIdentities(answersFromFacts({ cluster, hosts })).filter(({ isCopy }) => isCopy);
  const runs = (on: string, id: string) =>
    hosts.some(({ target: { name, facts } }) => name === on && facts.reading?.status?.memberId === id);
  return (id: string): Pick<ListedMember, 'astray'> => {
    const copy = copies.find((one) => one.id === id && !runs(one.owner.host, id));
    return copy ? { astray: copy.host } : {};
  };
}

/** IDs of members with other data than the others: asked where somebody is to be replaced, who may work for all that. */
async function wrongOnes(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  { replace }: Words,
): Promise<ReadonlySet<string>> {
  if (replace.length === 0) return new Set();
  // A member that is gone says nothing of the data of the others.
  const answers = await knownAnswers(run, surveyed, { settled: () => false });
  const hosts = corruptHosts(answers);
  const wrong = answers.filter(({ member }) => hosts.includes(member.host));
  return new Set(wrong.flatMap(({ reading }) => reading?.status?.memberId ?? []));
}

/** Find the members without a host of ours that answer when asked from a member's host. */
async function askApart(
  hosts: readonly EtcdHost[],
  members: readonly Answered[],
): Promise<ReadonlySet<string>> {
  const asker = hosts.find(({ target }) => target.facts.reading?.healthy);
  if (asker === undefined || members.length === 0) return new Set();
  const lines = joinSh(
    members.map(
      ({ id, clientUrls }) => sh`q_url=${clientUrls[0] ?? ''}
if q_etcdctl endpoint health >/dev/null 2>&1; then echo ${id}; fi`,
    ),
  );
  const { out } = await asker.read(
    'asking members without a host',
    sh`${etcdctlFunction(memberOf(asker.target))}
q_part works
${lines}`,
  );
  return new Set((namedParts(out).get('works') ?? '').split('\n').filter(Boolean));
}

function othersOf(
  scene: Pick<Scene, 'listed' | 'places' | 'words'>,
  { target }: EtcdHost,
  guests: readonly Guest[],
): HostData['hostvars'] {
  const { listed, places, words } = scene;
  const left = words.remove.flatMap((word) => {
    const place = placeOf(word, places);
    return place && memberAt(place, listed) === undefined ? [place.host] : [];
  });
  const staying = Object.entries(target.hostvars).filter(([name]) => !left.includes(name));
  const coming = guests.map(({ name, address, port }) => {
    const vars = {
      ...target.vars,
      etcd_member_name: name,
      etcd_address: address,
      etcd_peer_port: port,
      etcd_listen_address: undefined,
      etcd_peer_address: undefined,
      etcd_peer_listen_address: undefined,
    };
    return [`${name} at ${address}:${port}`, vars] as const;
  });
  return Object.fromEntries([...staying, ...coming]);
}
