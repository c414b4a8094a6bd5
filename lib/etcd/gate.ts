import type { PlayRun } from '../dsl/play.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { EtcdFacts } from './facts.ts';
import { type Answer, type Finding, judgeCluster, judgeStop, unequalRevisions } from './judge.ts';
import { memberOf } from './model.ts';
import { parseMember, readMember } from './read.ts';
import type { EtcdHost, Surveyed } from './survey.ts';

/** How long a cluster may take to settle after a member came back, in milliseconds. */
const SETTLE = 20_000;

/**
 * Asks every member at once, each on its own host; a second time at one revision when clients wrote in
 * between, since only hashes of one revision can be compared.
 */
export async function askMembers(
  run: PlayRun<EtcdFacts>,
  { cluster, hosts }: Surveyed,
): Promise<readonly Answer[]> {
  const ask = async (revision: number) => {
    const readings = new Map<string, Answer['reading']>();
    const asked = new Set<EtcdHost>();
    const one = async (host: EtcdHost) => {
      asked.add(host);
      const { out } = await host.read('asking the member', readMember(memberOf(host.target), revision));
      readings.set(host.target.name, parseMember(out));
    };
    await run.each(hosts, one);
    // A host where a task failed takes part in nothing more, and is known to have failed; its member may answer.
    await Promise.allSettled(hosts.filter((host) => !asked.has(host)).map(one));
    return cluster.members.map((member) => {
      const reading = readings.get(member.host);
      return { member, reading, unreached: reading === undefined };
    });
  };
  const answers = await ask(0);
  const revision = unequalRevisions(answers);
  return revision === undefined ? answers : ask(revision);
}

/** What the facts already know, in the same form. */
export function answersFromFacts({ cluster, hosts }: Surveyed): readonly Answer[] {
  return cluster.members.map((member) => {
    const host = hosts.find(({ target }) => target.name === member.host);
    return { member, reading: host?.target.facts.reading, unreached: host === undefined };
  });
}

/** Throws exit code 3 with the arithmetic unless `host` may be stopped now. */
export async function passGate(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  host: EtcdHost,
): Promise<readonly Answer[]> {
  const answers = await askMembers(run, surveyed);
  const findings = [...judgeCluster(answers), ...judgeStop(answers, host.target.name)];
  if (findings.length > 0) throw refusal(`${host.target.name}: not touched`, findings);
  return answers;
}

/** Waits until the cluster is whole again; throws exit code 3 when it does not get there. */
export async function settle(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  after: readonly EtcdHost[],
): Promise<void> {
  const deadline = Date.now() + SETTLE;
  for (;;) {
    const findings = judgeCluster(await askMembers(run, surveyed));
    if (findings.length === 0) return;
    if (Date.now() > deadline) {
      const names = after.map(({ target }) => target.name).join(', ');
      throw refusal(`stopped after ${names}: the cluster did not become whole again`, findings);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function refusal(what: string, findings: readonly Finding[]): QuorateError {
  return new QuorateError([`${what}:`, ...findings.map(({ message }) => `  ${message}`)].join('\n'), {
    exitCode: EXIT.refused,
    hint: 'bring the cluster to health first; npx tsx playbooks/doctor.ts looks for causes',
  });
}
