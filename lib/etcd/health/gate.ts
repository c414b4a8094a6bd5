import type { PlayRun } from '../../dsl/play.ts';
import type { QuorateError } from '../../errors.ts';
import type { EtcdFacts } from '../facts/index.ts';
import type { MemberReading } from '../facts/read-member.ts';
import { clusterOf } from '../model/cluster.ts';
import { refusal } from '../refusal.ts';
import type { EtcdHost, Surveyed } from '../surveyed.ts';
import type { Answer, Finding } from './answer.ts';
import { askMembers } from './ask.ts';
import { judgeCluster, judgeStop } from './judge.ts';
import { raisesQuota } from './quota.ts';
import { mayPass } from './settle.ts';
import { healthFirst, linesOf, wayOut } from './way-out.ts';

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
  host: EtcdHost,
  stops: boolean,
): QuorateError | undefined {
  const found = [...judgeCluster(answers), ...(stops ? judgeStop(answers, host.target.name) : [])];
  return refusalFor(host, answers, found);
}

/**
 * Like `gateRefusal`, for a check: judge as if the members in `starting` were up already, because a run starts them
 * first.
 */
export function foreseenRefusal(
  answers: readonly Answer[],
  starting: ReadonlySet<string>,
  host: EtcdHost,
  stops: boolean,
): QuorateError | undefined {
  const rests = new Set(
    answers
      .filter(({ member, reading }) => reading === undefined && !starting.has(member.host))
      .map(({ member }) => member.host),
  );
  const stays = (one: Finding) => !mayPass(one) || (one.host !== undefined && rests.has(one.host));
  const later = answers.map((one) =>
    rests.has(one.member.host) ? one : { ...one, reading: { ...NO_READING, ...one.reading, healthy: true } },
  );
  const found = [
    ...judgeCluster(answers).filter(stays),
    ...(stops ? judgeStop(later, host.target.name) : []),
  ];
  return refusalFor(host, answers, found);
}

const NO_READING: MemberReading = { healthy: false, said: '', certificates: [] };

/** A member that gets more room for data is the way out of a full one: clients that go on writing leave no other. */
function isMended({ check }: Finding, host: EtcdHost): boolean {
  return check === 'no-space' && raisesQuota(host);
}

function refusalFor(
  host: EtcdHost,
  answers: readonly Answer[],
  all: readonly Finding[],
): QuorateError | undefined {
  const { target } = host;
  const findings = all.filter((one) => !isMended(one, host));
  return findings.length === 0
    ? undefined
    : refusal(
        { name: target.name },
        ['not touched:', ...linesOf(findings)].join('\n'),
        healthFirst(wayOut(clusterOf(target), answers, findings)),
      );
}
