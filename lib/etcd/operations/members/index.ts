import type { PlayRun } from '../../../dsl/play.ts';
import type { HostData } from '../../../dsl/role.ts';
import type { QuorateError } from '../../../errors.ts';
import { readCa } from '../../../pki/index.ts';
import { boundAddress } from '../../facts/bound-address.ts';
import { type ClusterFacts, type EtcdFacts, isUp } from '../../facts/index.ts';
import { withoutQuorum } from '../../health/way-out.ts';
import { clusterOf, type Member, memberOf } from '../../model/cluster.ts';
import { refusal, refuse } from '../../refusal.ts';
import { snapshotStep } from '../../snapshots/index.ts';
import { admitIssuing } from '../../survey/admit-certificates.ts';
import { intentProblem, waitingFor } from '../../survey/intents.ts';
import { strayProblems } from '../../survey/membership.ts';
import { ownershipProblems } from '../../survey/ownership.ts';
import { preflight } from '../../survey/preflight.ts';
import { newWayProblems } from '../../survey/preflight-network.ts';
import { groundProblems, settledFacts } from '../../survey/survey.ts';
import { keepOldest, keepVersion } from '../../survey/versions.ts';
import { clustersOf, type EtcdHost, livingList, type Surveyed } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';
import { rotatingAuthority } from '../certs/rotation/state.ts';
import type { Operation, OperationStep } from '../common/operation.ts';
import { showHealth } from '../site/verify.ts';
import { type AtHand, carryOut } from './carry-out.ts';
import type { Refused } from './deed.ts';
import { wordProblems, wordsOf } from './flags.ts';
import { look, type View } from './look.ts';
import { misspelt } from './misspelt.ts';
import { refuseNarrowNewcomers } from './room.ts';
import { called, differencesOf, isAt, meant, placeOf, type Scene, saidOf } from './scene.ts';
import { type PlannedStep, stepsOf } from './steps.ts';
import { refuseStrangers } from './users.ts';
import { waitUntilWhole, working } from './whole.ts';

/** Milliseconds: a snapshot that is no older will do. */
const YOUNG = 15 * 60_000;

/** What a run knows from its first look on. */
interface Begun {
  readonly facts: ClusterFacts;
  /** Something was carried out. */
  changed: boolean;
}

/**
 * Who is a member: the inventory is the truth, and what differs is closed one step at a time. Nobody leaves but by the
 * user's word.
 */
export function membersOperation(): Operation {
  const begun = new WeakMap<PlayRun<EtcdFacts>, Begun>();
  return {
    name: 'members',
    check: wordProblems,
    mayMiss: toLeave,
    async derive(run, surveyed) {
      const known = begun.get(run) ?? { facts: await begin(run, surveyed), changed: false };
      const isFirst = !begun.has(run);
      begun.set(run, known);
      const view = await look(run, surveyed, known.facts, known.changed);
      const planned = stepsOf(view.scene, isFirst);
      if (isFirst) tellDifferences(run, view);
      if ('refused' in planned) throw refused(surveyed, planned.refused);
      const [next] = planned.steps;
      if (next === undefined) return [];
      if (isFirst) {
        await refuseNarrowNewcomers(surveyed.hosts, planned.steps);
        await admitNewcomers(run, surveyed, view, known.facts);
      }
      const gone = next.deed.kind === 'remove' ? next.deed.member.id : undefined;
      const atHand: AtHand = { run, surveyed, view, facts: known.facts };
      const steps = planned.steps.map((step) => stepOf(step, atHand, known));
      if (waitsForStart(view.scene)) return steps;
      await waitUntilWhole(run, working(surveyed, view.scene), gone);
      const snapshot = await snapshotStep(run, thatStay(surveyed, view.scene), {
        before: 'members',
        within: YOUNG,
      });
      return [...(snapshot ? [snapshot] : []), ...steps];
    },
    async verify(run) {
      for (const surveyed of clustersOf(run)) await showHealth(run, staying(surveyed));
    },
  };
}

/** Hosts out of reach whose member is to leave: by its host, its name or its ID. */
function toLeave({ hosts, unreachable }: PlayRun<EtcdFacts>): readonly string[] {
  const [first] = hosts;
  if (first === undefined) return [];
  const { remove } = wordsOf(first.target.vars);
  const list = livingList(hosts) ?? [];
  const gone = clusterOf(first.target).members.filter(({ host }) => unreachable.includes(host));
  return gone.flatMap(({ host, name, peerUrl }) => {
    const id = list.find(({ peerUrls }) => peerUrls.includes(peerUrl))?.id ?? host;
    return [host, name, id].some((one) => remove.includes(one)) ? [host] : [];
  });
}

/** Refuses what is not ours or cannot work, and learns what the roles need to know. */
async function begin(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<ClusterFacts> {
  const { cluster, hosts } = surveyed;
  const open = intentProblem(cluster, hosts, 'members');
  if (open) throw open;
  const rotating = await rotatingAuthority(surveyed);
  const ca = rotating?.caPem ?? (await readCa(cluster.pkiDir));
  const words = wordsOf(hosts[0]?.target.vars ?? {});
  const named = hosts.filter((host) => isNamed(host, [...words.remove, ...words.replace]));
  const others = { cluster, hosts: hosts.filter((host) => !named.includes(host)) };
  // Data at rest that nobody has a record of may make way where the user named its host.
  const strange = named.filter(({ target: { facts } }) => facts.owner !== undefined || isUp(facts));
  const ofNamed = await Promise.all(
    strange.map((host) => ownershipProblems({ cluster, hosts: [host] }, undefined, [], hosts)),
  );
  const coming = named.filter(({ target: { facts } }) => !isUp(facts));
  const candidates = coming.map(({ target }) => ({ member: memberOf(target), facts: target.facts }));
  const atHand = await groundProblems(others, ca, rotating?.passing, hosts);
  refuse([...atHand, ...ofNamed.flat(), ...preflight(candidates), ...strayProblems(surveyed, false)]);
  const facts = await settledFacts(run, others.hosts.length > 0 ? others : surveyed, {
    state: 'live',
    policy: waitingFor(hosts, 'members')?.verb === 'upgrade' ? keepOldest : keepVersion,
    ca,
  });
  return { ...facts, ...(rotating?.trustPem !== undefined && { trustPem: rotating.trustPem }) };
}

function isNamed({ target }: EtcdHost, words: readonly string[]): boolean {
  return words.includes(target.name) || words.includes(memberOf(target).name);
}

/** Without the hosts that have left by the user's word, and are in the inventory still. */
function staying({ cluster, hosts }: Surveyed): Surveyed {
  const [first] = hosts;
  const list = livingList(hosts);
  const { remove } = wordsOf(first?.target.vars ?? {});
  const hasLeft = ({ host, name, peerUrl }: Member) =>
    (remove.includes(host) || remove.includes(name)) &&
    list?.some(({ peerUrls }) => peerUrls.includes(peerUrl)) === false;
  const members = cluster.members.filter((member) => !hasLeft(member));
  return {
    cluster: { ...cluster, members },
    hosts: hosts.filter(({ target }) => members.some(({ host }) => host === target.name)),
  };
}

/** Whoever leaves takes its snapshots along. */
function thatStay(surveyed: Surveyed, scene: Scene): Surveyed {
  const { cluster, hosts } = working(surveyed, scene);
  const { remove, replace } = scene.words;
  return { cluster, hosts: hosts.filter((host) => !isNamed(host, [...remove, ...replace])) };
}

function stepOf({ deed, host, title, ledger }: PlannedStep, atHand: AtHand, begun: Begun): OperationStep {
  return {
    host,
    title,
    ledger,
    async carryOut() {
      begun.changed = true;
      await carryOut(deed, atHand);
    },
  };
}

function tellDifferences({ log }: PlayRun<EtcdFacts>, { scene }: View): void {
  for (const one of differencesOf(scene)) log('info', `${scene.cluster}: ${saidOf(one)}`);
  for (const word of scene.words.replace) {
    const member = meant(word, scene);
    if (member?.healthy && member.astray === undefined && scene.places.some((place) => isAt(member, place)))
      log('info', `${scene.cluster}: ${called(member)} works, and is left alone`);
  }
  for (const word of [...scene.words.remove, ...scene.words.replace]) {
    if (meant(word, scene) || placeOf(word, scene.places) || misspelt(scene)?.word === word) continue;
    const names = scene.listed.map(({ name, id }) => name || id).join(', ');
    log('warning', `${scene.cluster}: nobody is called ${word}; its members are ${names}`);
  }
}

export function refused(
  { cluster }: Surveyed,
  { host, message, say, hint, noQuorum }: Refused,
): QuorateError {
  const lines = [
    ...(say ? [`${verbLine('members', cluster)} ${say}`] : []),
    ...(hint ? [hint] : []),
    ...(noQuorum ? [`bring back enough members for one first; ${withoutQuorum(cluster)}`] : []),
  ];
  return refusal(host ? { host } : cluster, message, lines.join('\n') || undefined);
}

/** Users that are missing, ways that firewalls would cut, certificates that nobody could issue: told before anything is changed. */
async function admitNewcomers(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  { scene, others }: View,
  facts: ClusterFacts,
): Promise<void> {
  const coming = differencesOf(scene).flatMap((one) => (one.sign === '-' ? [] : [one.place.host]));
  const [asker] = working(surveyed, scene).hosts;
  const members = surveyed.cluster.members.filter(({ host }) => coming.includes(host));
  if (asker) await refuseStrangers(asker, members);
  return admitHosts(run, surveyed, coming, facts, others);
}

/** Ways that firewalls would cut, and certificates that nobody could issue, to hosts that are to get a member. */
export async function admitHosts(
  run: PlayRun<EtcdFacts>,
  { hosts }: Surveyed,
  coming: readonly string[],
  facts: ClusterFacts,
  others?: HostData['hostvars'],
): Promise<void> {
  const planned = hosts.filter(({ target }) => coming.includes(target.name));
  const candidates = hosts.map(({ target }) => ({ member: memberOf(target), facts: target.facts }));
  const ends = candidates.filter(({ member }) => coming.includes(member.host));
  const addresses = ends.flatMap(({ member, facts: own }) => boundAddress(member, own, 'peer') ?? []);
  refuse(newWayProblems(candidates, addresses));
  await run.each(planned, async (host) => {
    host.target.facts.cluster = { ...facts, joins: [] };
    await host.replan({}, others);
  });
  await admitIssuing({ ...run, hosts: planned });
}

/** A voter that was added and not started keeps the quorum back: nobody can be asked until it is. */
function waitsForStart({ listed }: Scene): boolean {
  return listed.some(({ started, learner }) => !started && !learner);
}
