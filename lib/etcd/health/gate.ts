import { commandLine } from '../../command-line.ts';
import { hostNames, type PlayRun } from '../../dsl/play.ts';
import type { QuorateError } from '../../errors.ts';
import { endOfCa } from '../facts/found-certificates.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { isDown, parseMember, readMember } from '../facts/read-member.ts';
import { clusterOf, type Member, memberOf, quorum } from '../model/cluster.ts';
import { etcdctlWrapper } from '../model/paths.ts';
import { refusal } from '../refusal.ts';
import type { EtcdHost, Surveyed } from '../surveyed.ts';
import type { Answer, Finding } from './answer.ts';
import { judgeCluster, judgeStop } from './judge.ts';
import { commonRevision, hashesCompare } from './judge-hashes.ts';
import { wayOut } from './way-out.ts';

/** What to do about a cluster that may not be touched as it is. */
export const HEALTH_FIRST = healthFirst(`${commandLine('doctor')} looks for causes`);

/**
 * How long a cluster may take to settle after a member came back, in milliseconds: where packets were dropped for a
 * while, retransmissions are seconds apart, and elections follow.
 */
const SETTLE = 30_000;

/** How often hashes are asked for until they can be compared: a compaction at the wrong moment costs a round. */
const HASH_ROUNDS = 3;

/**
 * Asks every member at once, each on its own host; a second time when clients wrote in between, then for the
 * hash at the revision that all of them have by now. That is done anew where a compaction came in between.
 */
export async function askMembers(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<readonly Answer[]> {
  for (let round = 1; ; round++) {
    const answers = await askOnce(run, surveyed, 0);
    const revision = commonRevision(answers);
    if (revision === undefined || hashesCompare(answers)) return answers;
    const again = await askOnce(run, surveyed, revision);
    if (round === HASH_ROUNDS || hashesCompare(again)) return again;
  }
}

async function askOnce(
  run: PlayRun<EtcdFacts>,
  { cluster, hosts }: Surveyed,
  revision: number,
): Promise<readonly Answer[]> {
  const readings = new Map<string, Answer['reading']>();
  const asked = new Set<EtcdHost>();
  const one = async (host: EtcdHost) => {
    asked.add(host);
    const { out } = await host.read('asking the member', readMember(memberOf(host.target), revision));
    readings.set(host.target.name, isDown(out) ? undefined : parseMember(out, revision));
  };
  await run.each(hosts, one);
  // A host where a task failed takes part in nothing more, and is known to have failed; its member may answer.
  await Promise.allSettled(hosts.filter((host) => !asked.has(host)).map(one));
  return cluster.members.map((member) => {
    const reading = readings.get(member.host);
    return {
      member,
      reading,
      unreached: !readings.has(member.host),
      caEnd: caEndOf(hosts, member.host, reading),
      wrapper: hasWrapper(hosts, member, !run.check),
    };
  });
}

/** What the facts already know; asked anew only where their hashes cannot be compared. */
export async function knownAnswers(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<readonly Answer[]> {
  const known = answersFromFacts(surveyed);
  return hashesCompare(known) ? known : askMembers(run, surveyed);
}

/** What the facts already know, in the same form. */
export function answersFromFacts({ cluster, hosts }: Surveyed): readonly Answer[] {
  return cluster.members.map((member) => {
    const host = hosts.find(({ target }) => target.name === member.host);
    const reading = host?.target.facts.reading;
    return {
      member,
      reading,
      unreached: host === undefined,
      caEnd: caEndOf(hosts, member.host, reading),
      wrapper: hasWrapper(hosts, member, false),
    };
  });
}

function caEndOf(hosts: readonly EtcdHost[], name: string, reading: Answer['reading']): Date | undefined {
  const host = hosts.find(({ target }) => target.name === name);
  return endOfCa(host?.target.facts.caPem, reading?.certificates ?? []);
}

/** It was there, or a run that `carriesOut` its plan has put it there. */
function hasWrapper(hosts: readonly EtcdHost[], member: Member, carriesOut: boolean): boolean {
  const host = hosts.find(({ target }) => target.name === member.host);
  const planned = host?.plan.some(({ task }) => task.files?.includes(etcdctlWrapper(member)));
  return host?.target.facts.kept.wrapper === true || (carriesOut && planned === true);
}

/** Throws exit code 3, with the arithmetic where it `stops`, unless the member of `host` may be changed now. */
export async function passGate(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  host: EtcdHost,
  stops: boolean,
): Promise<readonly Answer[]> {
  const answers = await askMembers(run, surveyed);
  const refused = gateRefusal(answers, host, stops);
  if (refused) throw refused;
  return answers;
}

/** Why the member of `host` may not be changed where the members answer so; undefined when it may. */
export function gateRefusal(
  answers: readonly Answer[],
  { target }: EtcdHost,
  stops: boolean,
): QuorateError | undefined {
  const { name } = target;
  const findings = [...judgeCluster(answers), ...(stops ? judgeStop(answers, name) : [])];
  return findings.length === 0
    ? undefined
    : refusal(
        { name },
        ['not touched:', ...linesOf(findings)].join('\n'),
        healthFirst(wayOut(clusterOf(target), answers, findings)),
      );
}

/** Asks until nothing is left that time may mend, or for as long as that may take; `enough` ends it before. */
export async function askUntilWhole(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  enough: () => boolean = () => false,
): Promise<readonly Answer[]> {
  const deadline = Date.now() + SETTLE;
  const rests = restsIn(surveyed);
  for (;;) {
    const answers = await askMembers(run, surveyed);
    if (awaited(answers, rests).length === 0 || Date.now() > deadline || enough()) return answers;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** What ends by itself once members that run, or are being started, have found each other. */
const PASSING: ReadonlySet<Finding['check']> = new Set([
  'health',
  'leader',
  'member-list',
  'unstarted',
  'raft-lag',
  'hash-unknown',
  'unanswered',
]);

/** It may end by itself once all members run. */
export function mayPass({ check }: Finding): boolean {
  return PASSING.has(check);
}

/**
 * What time may mend: nothing where too few members for a quorum may come, and nothing of a member that is out of
 * reach, that rests and is started by nobody, or that has a fault which stays.
 */
export function awaited(
  answers: readonly Answer[],
  rests: (host: string) => boolean = () => false,
): readonly Finding[] {
  const findings = judgeCluster(answers);
  const stuck = new Set(findings.flatMap(({ check, host }) => (host && !PASSING.has(check) ? [host] : [])));
  const comes = ({ member: { host }, reading, unreached }: Answer) =>
    !unreached && !stuck.has(host) && !(reading === undefined && rests(host));
  const coming = new Set(answers.filter(comes).map(({ member }) => member.host));
  if (coming.size < quorum(answers.length)) return [];
  return findings.filter(({ check, host }) => PASSING.has(check) && (host === undefined || coming.has(host)));
}

/** It did not run when the run began, and none of its roles starts it. */
function restsIn({ hosts }: Surveyed): (host: string) => boolean {
  const resting = hosts.filter(
    ({ target, plan }) =>
      target.facts.reading === undefined &&
      !plan.some(({ changes }) => changes.some(({ kind }) => kind === 'start' || kind === 'restart')),
  );
  return (host) => resting.some(({ target }) => target.name === host);
}

/** Waits until the cluster is whole again; throws exit code 3 when it does not get there. */
export async function settle(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  after: readonly EtcdHost[],
): Promise<void> {
  const answers = await askUntilWhole(run, surveyed);
  const findings = judgeCluster(answers);
  if (findings.length === 0) return;
  throw refusal(
    { name: `stopped after ${hostNames(after)}` },
    ['the cluster did not become whole again:', ...linesOf(findings)].join('\n'),
    healthFirst(wayOut(surveyed.cluster, answers, findings)),
  );
}

function healthFirst(how: string): string {
  return `bring the cluster to health first; ${how}`;
}

function linesOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ message }) => `  ${message}`);
}
