import type { PlayRun, Strategy } from '../../../dsl/play.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { readCrl } from '../../../pki/index.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { type Answer, exitBy, healthBy } from '../../health/answer.ts';
import { answersFromFacts, knownAnswers } from '../../health/ask.ts';
import { clusterState } from '../../health/cluster-state.ts';
import { askedOf, halfWay } from '../../health/half-way.ts';
import { judgeCluster } from '../../health/judge.ts';
import { firewallRules } from '../../health/port-matrix.ts';
import { quotaGiven } from '../../health/quota.ts';
import { wayOut } from '../../health/way-out.ts';
import { worthKnowing } from '../../health/worth-knowing.ts';
import { memberOf } from '../../model/cluster.ts';
import { listsThatCount } from '../../survey/revocations.ts';
import { clustersOf, recoveredLast, type Surveyed } from '../../surveyed.ts';
import { etcdStrategy } from '../site/strategy.ts';
import { refuseBare, sayUnhealthy } from '../site/verify.ts';
import { type Diagnosis, diagnose, sceneOf } from './diagnose.ts';
import { type Evidence, parseEvidence } from './evidence.ts';
import { endsSoon, renewCa } from './measured/certificates.ts';
import { filteredPorts } from './measured/network.ts';
import { probeEvidence } from './probe.ts';
import { journalCommand } from './remedies.ts';
import { reportDiagnosis } from './report.ts';
import { isHealthy } from './scene.ts';

/** Looks for the causes of trouble, and touches nothing: also where a cluster is not ours or is half dead. */
export const doctorStrategy: Strategy<EtcdFacts> = {
  scope: etcdStrategy.scope,
  async converge() {},
  async verify(run) {
    for (const surveyed of clustersOf(run)) {
      try {
        await examine(run, surveyed);
      } catch (error) {
        run.fail(error);
      }
    }
  },
};

async function examine(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<void> {
  refuseBare(run, surveyed);
  const { cluster } = surveyed;
  const known = answersFromFacts(surveyed);
  // Where a member is sick its data is not what is looked for, and asking once more takes seconds.
  const sick = known.some(({ reading }) => !reading?.healthy);
  const answers = sick ? known : await knownAnswers(run, surveyed);
  const all = await gatherEvidence(run, surveyed, answers);
  const rules = await firewallRules(surveyed, filteredPorts(all));
  const lists = await listsThatCount(surveyed, await readCrl(cluster.pkiDir));
  const around = {
    rules,
    hasSiblings: cluster.hasSiblings,
    lists,
    recovered: recoveredLast(surveyed.hosts),
    quotas: new Map(surveyed.hosts.map(({ target }) => [target.name, quotaGiven(target)])),
    barred: run.barred,
  };
  const diagnoses = diagnose(sceneOf(cluster.members, all, around));
  const findings = [...halfWay(askedOf(surveyed), answers), ...judgeCluster(answers)];
  run.show({ event: 'cluster', ...clusterState(cluster.name, answers, findings) });
  warn(run, surveyed, answers, all, lists);
  const holder = holderOf(all);
  for (const [i, diagnosis] of diagnoses.entries()) {
    const remedy = remedyOf(diagnosis, surveyed, all);
    run.fail(reportDiagnosis({ ...diagnosis, remedy }, { afterOthers: i > 0, holder }));
  }
  if (diagnoses.length > 0) return;
  const left = findings.map(({ message }) => message);
  if (left.length === 0) return run.conclude(`${cluster.name}: cluster is healthy, nothing found`);
  if (healthBy(findings) === null)
    throw new QuorateError([`${cluster.name}: ${sayUnhealthy(findings)}:`, ...left].join('\n'), {
      exitCode: exitBy(findings),
      hint: wayOut(cluster, answers, findings),
    });
  const [first] = cluster.members;
  throw new QuorateError([`${cluster.name}: not healthy, and no cause was found:`, ...left].join('\n'), {
    exitCode: EXIT.unhealthy,
    ...(first && { hint: `next: ${journalCommand(first)} on those hosts` }),
  });
}

/** What is no trouble yet, or keeps trouble from being seen. */
function warn(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  answers: readonly Answer[],
  all: readonly Evidence[],
  lists: readonly Buffer[],
): void {
  for (const line of worthKnowing(surveyed, answers, lists)) run.log('warning', line);
  if (endsSoon(all)) {
    const { name, pkiDir } = surveyed.cluster;
    run.log(
      'warning',
      `${name}: to renew the CA under its key: ${renewCa(pkiDir, all, false).join('\n  then: ')}`,
    );
  }
  for (const line of unreadLogs(all)) run.log('warning', line);
}

/** Members that may have a cause in their logs, which the login may not read: nothing there is no evidence. */
export function unreadLogs(all: readonly Evidence[]): readonly string[] {
  return all.flatMap((one) =>
    one.unread === undefined || isHealthy(one)
      ? []
      : [`${one.member.host}: what it wrote could not be read, become root (-b): ${one.unread}`],
  );
}

/** A run that changes members this very moment, by the first host that knows it. */
function holderOf(all: readonly Evidence[]): string | undefined {
  const held = all.find(({ holder }) => holder !== undefined);
  return held?.holder && `${held.holder.who} (pid ${held.holder.pid} on ${held.member.host})`;
}

/** A CA is renewed on control, which evidence knows nothing of. */
function remedyOf({ cause, remedy }: Diagnosis, { cluster }: Surveyed, all: readonly Evidence[]) {
  return cause === 'ca-expired' ? renewCa(cluster.pkiDir, all, true) : remedy;
}

/** One exchange a host, all side by side. */
async function gatherEvidence(
  run: PlayRun<EtcdFacts>,
  { cluster, hosts }: Surveyed,
  answers: readonly Answer[],
): Promise<readonly Evidence[]> {
  const found = new Map<string, Evidence>();
  await run.each(hosts, async (host) => {
    const member = memberOf(host.target);
    const others = cluster.members.filter((other) => other.host !== member.host);
    const { facts } = host.target;
    const answer = answers.find((one) => one.member.host === member.host);
    const reading = facts.reading && answer?.reading;
    // What somebody stopped did not die of what it wrote.
    const state = reading?.healthy || facts.service === 'inactive' ? 'well' : 'sick';
    const { out } = await host.read('looking for causes', probeEvidence(member, others, state));
    found.set(member.host, parseEvidence(member, { ...facts, reading }, others, out));
  });
  return hosts.flatMap(({ target }) => found.get(target.name) ?? []);
}
