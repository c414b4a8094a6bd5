import { join } from 'node:path';
import { commandLine } from '../../../command-line.ts';
import { hostNames, type PlayRun } from '../../../dsl/play.ts';
import { MARK } from '../../../dsl/probe.ts';
import { runId } from '../../../dsl/run-id.ts';
import type { QuorateError } from '../../../errors.ts';
import { readCa } from '../../../pki/index.ts';
import type { ClusterFacts, EtcdFacts } from '../../facts/index.ts';
import { type Cluster, memberOf } from '../../model/cluster.ts';
import { refusal, refuse } from '../../refusal.ts';
import { readSnapshots } from '../../snapshots/index.ts';
import { doneIntent, intentProblem, openIntent } from '../../survey/intents.ts';
import { knownMembers } from '../../survey/membership.ts';
import { ownershipProblems } from '../../survey/ownership.ts';
import { settledFacts } from '../../survey/survey.ts';
import { keepVersion } from '../../survey/versions.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { copiesIn } from '../backup/folder.ts';
import { admitHosts } from '../members/index.ts';
import type { RestorePlace } from '../restore/shell.ts';
import { type Witness, whyNotLost } from './loss.ts';
import { askHidden } from './shell.ts';
import { bestFirst, choiceLines, type Found, lookAt, type PlacedSnapshot, type Source } from './sources.ts';

import { targetOf, VERB, wordsOf } from './words.ts';

/** What a run has agreed to, from its first look on. */
export interface Chosen {
  readonly source: Source | undefined;
  readonly from: string;
  readonly facts: ClusterFacts;
}

/** Refuses what is not lost, tells what there is, and settles what the cluster is made of; undefined where that is done. */
export async function choose(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<Chosen | undefined> {
  const { cluster, hosts } = surveyed;
  const { from, lost } = wordsOf(hosts);
  const problem = intentProblem(cluster, hosts, VERB, from === undefined ? undefined : targetOf(from));
  if (problem) throw problem;
  const open = openIntent(hosts);
  if (open)
    return {
      from: open.target.slice(targetOf('').length),
      source: undefined,
      facts: await admit(run, surveyed),
    };
  const done = doneIntent(hosts, VERB);
  if (
    done &&
    hosts.some(({ target }) => target.facts.reading?.healthy) &&
    (!from || done.target === targetOf(from))
  ) {
    run.log('info', `${cluster.name}: done before, by run ${done.done}: it has a quorum`);
    return undefined;
  }
  await untilLeaderless(run, surveyed);
  const missing = cluster.members.filter(({ host }) => run.unreachable.includes(host));
  const voters =
    knownMembers(hosts).filter(({ learner }) => learner !== true).length || cluster.members.length;
  const witnesses = await witnessesOf(surveyed, missing);
  const not = whyNotLost(cluster, witnesses, voters, lost);
  if (not) throw not;
  const found = await lookAtAll(surveyed, runId(), true);
  const sources = found.map(({ source }) => source);
  const names = missing.map(({ host }) => host);
  const lines = choiceLines(sources, names, await snapshotsOf(surveyed));
  for (const line of lines) run.log('info', `${cluster.name}: ${line}`);
  const [best] = bestFirst(sources.filter(({ host }) => !lost.includes(host)));
  if (from === undefined && run.agreed && !run.check) throw unsaid(surveyed, lines, best);
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
  await refuseUnfit(surveyed, source);
  return { from: source.host, source, facts: await admit(run, surveyed, source.host) };
}

/** Seconds that a follower may take to see that its leader is gone: some election timeouts. */
const LEADERLESS = 10;

async function untilLeaderless(run: PlayRun<EtcdFacts>, { hosts }: Surveyed): Promise<void> {
  const follows = ({ target: { facts } }: EtcdHost) =>
    facts.reading?.healthy !== true && (facts.reading?.status?.leaderId ?? '') !== '';
  const works = ({ target }: EtcdHost) => target.facts.reading?.healthy === true;
  for (let tries = 0; tries < LEADERLESS && hosts.some(follows) && !hosts.some(works); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await run.each(hosts, (host) => host.refresh());
  }
}

function unsaid({ cluster }: Surveyed, lines: readonly string[], best: Source | undefined): QuorateError {
  return refusal(
    cluster,
    ['which data it is made of is for you to say:', ...lines.map((line) => `  ${line}`)].join('\n'),
    best && `${commandLine(VERB)} --from ${best.host} -y`,
  );
}

async function witnessesOf(surveyed: Surveyed, missing: Cluster['members']): Promise<readonly Witness[]> {
  const { cluster, hosts } = surveyed;
  const answering = new Set<string>();
  const asker = hosts.find(
    ({ target }) => target.facts.owner !== undefined && target.facts.caPem !== undefined,
  );
  if (asker && missing.length > 0) {
    const { out } = await asker.read(
      'asking members that are not reached',
      askHidden(memberOf(asker.target), missing),
    );
    for (const [, host = ''] of out.matchAll(new RegExp(`^${MARK}answers (\\S+)$`, 'gm')))
      answering.add(host);
  }
  return cluster.members.map(({ host }) => {
    const facts = hosts.find(({ target }) => target.name === host)?.target.facts;
    return {
      host,
      reached: facts !== undefined,
      answersOthers: answering.has(host),
      data: facts?.data === 'present' && !facts.kept.withoutLog,
      healthy: facts?.reading?.healthy === true,
      follows: (facts?.reading?.status?.leaderId ?? '') !== '',
    };
  });
}

/** What each host has. */
export function lookAtAll({ hosts }: Surveyed, run: string, withLog: boolean): Promise<readonly Found[]> {
  return Promise.all(hosts.map((host) => lookAt(host, placeOf(host, run), withLog)));
}

/** Where a host keeps what is made in between. */
export function placeOf({ target }: EtcdHost, run: string): RestorePlace {
  return { member: memberOf(target), run, verb: VERB };
}

/** The newest verified one of each host that has some, and of the copies on this machine. */
async function snapshotsOf({ cluster, hosts }: Surveyed): Promise<readonly PlacedSnapshot[]> {
  const kept = await Promise.all(
    hosts.map(async (host) => ({ host, snapshot: (await readSnapshots(host)).verified[0] })),
  );
  const folder = join(cluster.controlDir, 'backups');
  const [copy] = await copiesIn(folder, cluster.name);
  return [
    ...kept.flatMap(({ host, snapshot }) =>
      snapshot ? [{ where: `${snapshot.file} on ${host.target.name}`, snapshot }] : [],
    ),
    ...(copy ? [{ where: join(folder, copy.file), snapshot: copy }] : []),
  ];
}

async function refuseUnfit(surveyed: Surveyed, { host, bytes = 0 }: Source): Promise<void> {
  refuse(await ownershipProblems(surveyed, await readCa(surveyed.cluster.pkiDir)));
  const survivor = surveyed.hosts.find(({ target }) => target.name === host);
  if (survivor === undefined) return;
  const { dataDir } = memberOf(survivor.target);
  const wanted = Math.ceil((2 * bytes) / 1024) + 64 * 1024;
  const { room } = await readSnapshots(survivor, dataDir);
  if (room.freeKiB >= wanted) return;
  throw refusal(
    { host },
    `${dataDir} has ${room.freeKiB} KiB free, wanted ${wanted}: the old data stays beside what is made of it`,
  );
}

/** What the roles need to know of the hosts that join, refused before anything is changed where they cannot. */
async function admit(run: PlayRun<EtcdFacts>, surveyed: Surveyed, from?: string): Promise<ClusterFacts> {
  const ca = await readCa(surveyed.cluster.pkiDir);
  const facts = await settledFacts(run, surveyed, { state: 'live', policy: keepVersion, ca });
  if (from !== undefined) {
    const coming = surveyed.hosts.map(({ target }) => target.name).filter((name) => name !== from);
    await admitHosts(run, surveyed, coming, facts);
  }
  return { ...facts, closed: true };
}
