import type { PlayRun } from '../../dsl/play.ts';
import { endOfCa } from '../facts/found-certificates.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { isDown, parseMember, readMember } from '../facts/read-member.ts';
import { type Member, memberOf } from '../model/cluster.ts';
import { etcdctlWrapper } from '../model/paths.ts';
import type { EtcdHost, Surveyed } from '../surveyed.ts';
import type { Answer } from './answer.ts';
import { commonRevision, hashesCompare } from './judge-hashes.ts';

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
