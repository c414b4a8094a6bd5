import type { PlayRun } from '../../dsl/play.ts';
import { endOfCa } from '../facts/found-certificates.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { isDown, type MemberReading, parseMember, readMember } from '../facts/read-member.ts';
import { type Member, memberOf } from '../model/cluster.ts';
import { etcdctlWrapper } from '../model/paths.ts';
import type { EtcdHost, Surveyed } from '../surveyed.ts';
import type { Answer } from './answer.ts';
import { judgeCluster } from './judge.ts';
import { commonRevision, hashesCompare, isUnhashed, unknownHashes } from './judge-hashes.ts';

/** How often hashes are asked for until they can be compared: a compaction at the wrong moment costs a round. */
const HASH_ROUNDS = 3;

/** For the hash of large data: more than a second a gigabyte, where a disk is read. A read ends after a minute. */
const HASH_SECONDS = 50;

/** Tells of answers that no hash of large data would change what is made of them. */
export type Settles = (answers: readonly Answer[]) => boolean;

const isWrongAnyway: Settles = (answers) => judgeCluster(answers).length > 0;

/**
 * Asks every member at once, each on its own host; a second time when clients wrote in between, then for the
 * hash at the revision that all of them have by now. That is done anew where a compaction came in between. Large data is
 * hashed by one member after another, since no write of it ends meanwhile, and not where all is `settled` without.
 * `known` are answers of this moment, which need not be asked for again.
 */
export async function askMembers(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  settled: Settles = isWrongAnyway,
  known?: readonly Answer[],
): Promise<readonly Answer[]> {
  for (let round = 1; ; round++) {
    const answers = (round === 1 && known) || (await askOnce(run, surveyed, 0));
    const revision = commonRevision(answers);
    if (revision === undefined || hashesCompare(answers)) return answers;
    const isLarge = answers.some(isUnhashed);
    if (isLarge && settled(answers)) return answers;
    const again = isLarge
      ? await hashInTurn(surveyed, answers, revision)
      : await askOnce(run, surveyed, revision);
    if (round === HASH_ROUNDS || hashesCompare(again)) return again;
  }
}

/** The answers as they are, with hashes: what else members say later is of another moment for each. */
async function hashInTurn(
  { hosts }: Surveyed,
  answers: readonly Answer[],
  revision: number,
): Promise<readonly Answer[]> {
  const hashed: Answer[] = [];
  for (const answer of answers) {
    const host = hosts.find(({ target }) => target.name === answer.member.host);
    if (host === undefined || answer.reading === undefined) {
      hashed.push(answer);
      continue;
    }
    const { unhashed: _, ...known } = answer.reading;
    // One that takes too long has no hash: that it does not answer would be another fault.
    const now = await askMember(host, revision, HASH_SECONDS).catch(() => known);
    hashed.push({ ...answer, reading: now && { ...now, ...known, ...hashOf(now) } });
  }
  return hashed;
}

function hashOf({ hash, unanswered = [] }: MemberReading): Partial<MemberReading> {
  return { ...(hash && { hash }), unanswered };
}

async function askMember(
  host: EtcdHost,
  revision: number,
  seconds?: number,
): Promise<MemberReading | undefined> {
  const { out } = await host.read('asking the member', readMember(memberOf(host.target), revision, seconds));
  return isDown(out) ? undefined : parseMember(out, revision);
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
    readings.set(host.target.name, await askMember(host, revision));
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

/**
 * What the facts already know; asked anew only where their hashes cannot be compared. `sparing`: large data need not be;
 * `settled`: see `askMembers`.
 */
export async function knownAnswers(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  { sparing = false, settled }: { readonly sparing?: boolean; readonly settled?: Settles } = {},
): Promise<readonly Answer[]> {
  const known = answersFromFacts(surveyed);
  const isEnough = sparing ? unknownHashes(known).length === 0 : hashesCompare(known);
  if (isEnough) return known;
  return askMembers(run, surveyed, settled, commonRevision(known) === undefined ? undefined : known);
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
