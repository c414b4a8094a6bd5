import { join } from 'node:path';
import { hostNames, type PlayRun } from '../../../dsl/play.ts';
import type { QuorateError } from '../../../errors.ts';
import { readCa } from '../../../pki/index.ts';
import type { ClusterFacts, EtcdFacts } from '../../facts/index.ts';
import { memberOf } from '../../model/cluster.ts';
import { refusal, refuse } from '../../refusal.ts';
import { readSnapshots } from '../../snapshots/index.ts';
import { LOG_KIB } from '../../snapshots/room.ts';
import { doneIntent, intentProblem, openIntent } from '../../survey/intents.ts';
import { ownershipProblems } from '../../survey/ownership.ts';
import { settledFacts } from '../../survey/survey.ts';
import { keepThatOf } from '../../survey/versions.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';
import { mayInterrupt } from '../../verbs.ts';
import { copiesIn } from '../backup/copies.ts';
import { folderStore } from '../backup/stores/folder.ts';
import { rotatingAuthority } from '../certs/rotation/state.ts';
import { joinNeeds, recoverNeeds, refuseNarrow } from '../common/room.ts';
import { admitHosts } from '../members/index.ts';
import { fromOf, targetOf, VERB, wordsOf } from './flags.ts';
import { bestFirst, choiceLines, type PlacedSnapshot, type Source } from './sources.ts';
import { lookAtAll, type Standing } from './standing.ts';
import { type Sight, unseenMembers } from './witnesses.ts';

/** What a run has agreed to, from its first look on. */
export interface Chosen {
  readonly source: Source | undefined;
  readonly from: string;
  readonly facts: ClusterFacts;
  /** What nobody can see from here, for the question. */
  readonly doubts: readonly string[];
}

/**
 * Verbs whose unfinished work a recovery may pass while no data has moved: without a quorum they cannot be finished.
 */
const PASSES = [VERB, 'upgrade'] as const;

/** Refuses beside what else was begun; true where all was done by a run before this one. */
export function isDone(run: PlayRun<EtcdFacts>, surveyed: Surveyed, { moved, orphaned }: Standing): boolean {
  const { cluster, hosts } = surveyed;
  const { from } = wordsOf(hosts);
  const target = from === undefined ? undefined : targetOf(from);
  const problem = intentProblem(cluster, hosts, VERB, target, moved && !orphaned ? [] : PASSES);
  if (problem) throw problem;
  const done = doneIntent(hosts, VERB);
  if (!done || (target !== undefined && done.target !== target)) return false;
  if (!hosts.some(({ target: { facts } }) => facts.reading?.healthy)) return false;
  run.log('info', `${cluster.name}: done before, by run ${done.done}: it has a quorum`);
  return true;
}

/** Tells what there is, and settles what the cluster is made of. `sight` is what was seen of its loss, while that counts. */
export async function choose(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  standing: Standing,
  sight: Sight | undefined,
): Promise<Chosen> {
  const { cluster, hosts } = surveyed;
  const { from } = wordsOf(hosts);
  const unseen = doubtsOf(surveyed, sight);
  const begun = standing.open && fromOf(standing.open.target);
  const isFree = !standing.moved || standing.orphaned;
  if (begun !== undefined && (!isFree || from === undefined || from === begun))
    return {
      from: begun,
      source: undefined,
      doubts: unseen,
      facts: await admit(run, surveyed, standing, begun),
    };
  const found = await lookAtAll(surveyed, standing.run, true, standing.before);
  const sources = found.map(({ source }) => source);
  const names = unseenMembers(surveyed).map(({ host }) => host);
  const lines = choiceLines(sources, names, await snapshotsOf(surveyed));
  const [best] = bestFirst(sources.filter(({ host }) => !standing.lost.includes(host)));
  if (from === undefined && run.agreed && !run.check) throw unsaid(surveyed, lines, best);
  for (const line of lines) run.log('info', `${cluster.name}: ${line}`);
  const source = sources.find(({ host }) => host === (from ?? best?.host));
  if (source === undefined) {
    throw refusal(
      cluster,
      `${from ?? 'no host'} was not reached: nothing was changed`,
      `choose one that was: ${hostNames(hosts)}`,
    );
  }
  if (source.none !== undefined)
    throw refusal({ host: source.host }, `nothing to recover from: ${source.none}`);
  const facts = await admit(run, surveyed, standing, source.host);
  await refuseAllNarrow(hosts, source);
  const unread = sources.filter(({ isUnread }) => isUnread).map(({ host }) => host);
  const doubts =
    unread.length === 0
      ? unseen
      : [...unseen, `Not read: the raft log of ${unread.join(', ')}. What only they have is lost.`];
  return { from: source.host, source, doubts, facts };
}

/** All are to have its data, beside their own. */
async function refuseAllNarrow(hosts: readonly EtcdHost[], { host, bytes = 0 }: Source): Promise<void> {
  await Promise.all(
    hosts.map((one) => {
      const member = memberOf(one.target);
      const isItself = one.target.name === host;
      return refuseNarrow(
        one,
        isItself ? recoverNeeds(member, bytes) : joinNeeds(member, Math.max(0, bytes - LOG_KIB * 1024)),
        isItself
          ? 'make room there, or choose another host'
          : 'make room there, or take the host out of the inventory and add it again later',
      );
    }),
  );
}

/** Whoever does not see the question finds them in the log. */
function doubtsOf(surveyed: Surveyed, sight: Sight | undefined): readonly string[] {
  const unseen = unseenMembers(surveyed);
  const open = openIntent(surveyed.hosts);
  const names = unseen.map(({ host, listed }) =>
    listed ? host : `${host} (a member, not in the inventory)`,
  );
  return [
    ...(unseen.length === 0
      ? []
      : [
          `Not reached: ${names.join(', ')}. If their members still run and see each other, they are the cluster, and this makes a second one; what only they have is lost.`,
        ]),
    ...(sight && unseen.length > 0 && !sight.asked
      ? ['No host that is reached could ask them whether they run.']
      : []),
    ...(open && open.verb !== VERB
      ? [
          `What run ${open.runId} has begun (${open.verb}, to ${open.target}) ${mayInterrupt(VERB, open.verb) ? 'waits: go on with it' : 'ends with it: begin that anew'} afterwards.`,
        ]
      : []),
  ];
}

function unsaid({ cluster }: Surveyed, lines: readonly string[], best: Source | undefined): QuorateError {
  return refusal(
    cluster,
    ['which data it is made of is for you to say:', ...lines.map((line) => `  ${line}`)].join('\n'),
    best && verbLine(VERB, cluster, '--from', best.host, '-y'),
  );
}

/** The newest verified one of each host that has some, and of the copies on this machine. */
async function snapshotsOf({ cluster, hosts }: Surveyed): Promise<readonly PlacedSnapshot[]> {
  const kept = await Promise.all(
    hosts.map(async (host) => ({ host, snapshot: (await readSnapshots(host)).verified[0] })),
  );
  const folder = join(cluster.controlDir, 'backups');
  const [copy] = (await copiesIn(folderStore(folder), cluster.name)).verified;
  return [
    ...kept.flatMap(({ host, snapshot }) =>
      snapshot ? [{ where: `${snapshot.file} on ${host.target.name}`, snapshot }] : [],
    ),
    ...(copy ? [{ where: join(folder, copy.stored), snapshot: copy }] : []),
  ];
}

/**
 * What the roles need to know of the hosts that join. Refused before anything is changed: hosts with data that is not
 * this cluster's, also one that is reached for the first time by a rerun, and those that cannot join.
 */
async function admit(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  { progress }: Standing,
  from: string,
): Promise<ClusterFacts> {
  const { cluster, hosts } = surveyed;
  const placed = progress.filter((one) => one.placed).map(({ host }) => host);
  const fresh = hosts.filter(({ target }) => !placed.includes(target.name));
  const rotating = await rotatingAuthority(surveyed);
  const ca = rotating?.caPem ?? (await readCa(cluster.pkiDir));
  refuse(await ownershipProblems({ cluster, hosts: fresh }, ca, rotating?.passing, hosts));
  const settled = await settledFacts(run, surveyed, { state: 'live', policy: keepThatOf(from), ca });
  const facts = { ...settled, ...(rotating?.trustPem !== undefined && { trustPem: rotating.trustPem }) };
  const coming = fresh.map(({ target }) => target.name).filter((name) => name !== from);
  await admitHosts(run, surveyed, coming, facts);
  return { ...facts, closed: true };
}
