import type { PlayRun } from '../../dsl/play.ts';
import type { QuorateError } from '../../errors.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { clusterOf } from '../model/cluster.ts';
import { refusal } from '../refusal.ts';
import type { EtcdHost, Surveyed } from '../surveyed.ts';
import type { Answer } from './answer.ts';
import { askMembers } from './ask.ts';
import { judgeCluster, judgeStop } from './judge.ts';
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
