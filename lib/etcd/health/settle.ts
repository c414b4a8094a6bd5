import { hostNames, type PlayRun } from '../../dsl/play.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { quorum } from '../model/cluster.ts';
import { refusal } from '../refusal.ts';
import type { EtcdHost, Surveyed } from '../surveyed.ts';
import type { Answer, Finding } from './answer.ts';
import { askMembers } from './ask.ts';
import { judgeCluster } from './judge.ts';
import { raisesQuota } from './quota.ts';
import { healthFirst, linesOf, wayOut } from './way-out.ts';

/**
 * How long a cluster may take to settle after a member came back, in milliseconds: where packets were dropped for a
 * while, retransmissions are seconds apart, and elections follow.
 */
export const SETTLE = 30_000;

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
 * Findings that may pass by themselves. None if too few members can come back for a quorum; none of a host that is
 * unreachable, of a stopped member that nobody starts, or of one with a lasting fault.
 */
export function awaited(
  answers: readonly Answer[],
  rests: (host: string) => boolean = () => false,
): readonly Finding[] {
  const findings = judgeCluster(answers);
  const isStuck = ({ check }: Finding) => !PASSING.has(check) && check !== 'unknown-answer';
  const stuck = new Set(findings.flatMap((one) => (one.host && isStuck(one) ? [one.host] : [])));
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

/**
 * Waits until the cluster is whole again; throws exit code 3 when it does not get there. The alarm for want of space that
 * a turn was let through for may stay: whoever has the room for data takes it back.
 */
export async function settle(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  after: readonly EtcdHost[],
): Promise<void> {
  const answers = await askUntilWhole(run, surveyed);
  const mended = after.some(raisesQuota);
  const findings = judgeCluster(answers).filter(({ check }) => !(mended && check === 'no-space'));
  if (findings.length === 0) return;
  throw refusal(
    { name: `stopped after ${hostNames(after)}` },
    ['the cluster did not become whole again:', ...linesOf(findings)].join('\n'),
    healthFirst(wayOut(surveyed.cluster, answers, findings)),
  );
}
