import type { PlayRun, Strategy } from '../../../dsl/play.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { clusterState } from '../../health/cluster-state.ts';
import { answersFromFacts, knownAnswers } from '../../health/gate.ts';
import { type Answer, judgeCluster } from '../../health/judge.ts';
import { firewallRules } from '../../health/port-matrix.ts';
import { worthKnowing } from '../../health/worth-knowing.ts';
import { memberOf } from '../../model/cluster.ts';
import { clustersOf, type Surveyed } from '../../surveyed.ts';
import { etcdStrategy } from '../site/strategy.ts';
import { refuseBare } from '../site/verify.ts';
import { type Diagnosis, diagnose } from './diagnose.ts';
import { type Evidence, parseEvidence, probeEvidence } from './evidence.ts';
import { filteredPorts } from './measured.ts';
import { type About, journalCommand, reportDiagnosis } from './report.ts';

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
  refuseBare(surveyed);
  const { cluster } = surveyed;
  const known = answersFromFacts(surveyed);
  // Where a member is sick its data is not what is looked for, and asking once more takes seconds.
  const sick = known.some(({ reading }) => !reading?.healthy);
  const answers = sick ? known : await knownAnswers(run, surveyed);
  const evidence = await gatherEvidence(run, surveyed, answers);
  const diagnoses = diagnose(evidence, await firewallRules(surveyed, filteredPorts(evidence)));
  for (const line of worthKnowing(surveyed, answers)) run.log('warning', line);
  run.show(clusterState(cluster.name, answers, judgeCluster(answers)));
  for (const [i, diagnosis] of diagnoses.entries()) {
    run.fail(reportDiagnosis(diagnosis, i > 0, aboutOf(diagnosis, surveyed)));
  }
  if (diagnoses.length > 0) return;
  const left = judgeCluster(answers).map(({ message }) => message);
  if (left.length === 0) return run.conclude(`${cluster.name}: cluster is healthy, nothing found`);
  throw new QuorateError([`${cluster.name}: not healthy, and no cause was found:`, ...left].join('\n'), {
    exitCode: EXIT.unhealthy,
    hint: `next: ${journalCommand(surveyed.cluster.members[0])} on those hosts`,
  });
}

/** Of the first host that it is about; the ID by the list of any member, the revision by the furthest. */
function aboutOf({ hosts: [first] }: Diagnosis, { cluster, hosts }: Surveyed): About | undefined {
  const member = cluster.members.find(({ host }) => host === first);
  if (member === undefined) return undefined;
  const readings = hosts.flatMap(({ target }) => target.facts.reading ?? []);
  const listed = readings.flatMap(({ members }) => members ?? []);
  const revisions = readings.flatMap(({ status }) => status?.revision ?? []);
  return {
    member,
    id: listed.find(({ peerUrls }) => peerUrls.includes(member.peerUrl))?.id,
    revision: revisions.length > 0 ? Math.max(...revisions) : undefined,
  };
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
