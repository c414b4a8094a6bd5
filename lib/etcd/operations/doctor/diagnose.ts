import { isUp } from '../../facts/index.ts';
import { healthBy } from '../../health/answer.ts';
import { halfWay } from '../../health/half-way.ts';
import { judgeCluster } from '../../health/judge.ts';
import type { Member } from '../../model/cluster.ts';
import { NOWHERE } from './about.ts';
import { type CauseId, causeOf, weightOf } from './causes/index.ts';
import { hasLog } from './data.ts';
import type { Evidence } from './evidence.ts';
import { measuredClues } from './measured/index.ts';
import type { Remedy } from './remedies.ts';
import { aboutMember, type Clue, isHealthy, majority, type Scene } from './scene.ts';
import { whileOpen } from './while-open.ts';
import { type Written, writtenClues } from './written.ts';

/** One cause with what speaks for it, and what puts it right. */
export interface Diagnosis {
  readonly cause: CauseId;
  /** Hosts it is about, in the order of the inventory; empty when it is about none in particular. */
  readonly hosts: readonly string[];
  readonly evidence: readonly string[];
  /** On the first of them, or on all where that is one deed. */
  readonly remedy: Remedy;
}

/** What is known: members as the inventory has them, and evidence of those whose hosts were reached. */
export function sceneOf(
  members: readonly Member[],
  all: readonly Evidence[],
  around: Partial<Pick<Scene, 'rules' | 'hasSiblings' | 'lists' | 'recovered' | 'quotas' | 'barred'>> = {},
): Scene {
  const {
    rules = new Map(),
    hasSiblings = false,
    lists = [],
    recovered,
    quotas = new Map(),
    barred = [],
  } = around;
  const answers = all.map(({ member, facts }) => ({ member, reading: facts.reading }));
  const cluster = { name: members[0]?.cluster ?? '', hasSiblings };
  const half = halfWay({ cluster, hosts: all }, answers);
  return {
    members,
    all,
    rules,
    findings: [...half, ...judgeCluster(answers)],
    hasSiblings,
    lists,
    recovered,
    quotas,
    barred,
    replaced: [],
  };
}

/**
 * What is wrong, most likely cause first. What is measured counts always; what journals say only about members
 * that are sick, or when nothing else explains it: every start leaves lines that were true for a second.
 * What is to be done for one member depends on which others are beyond repair, so that is found out first.
 */
export function diagnose(scene: Scene): readonly Diagnosis[] {
  const found = examine(scene);
  const replaced = beyondRepair(found, scene);
  return replaced.length === 0 ? found : examine({ ...scene, replaced });
}

/** Hosts whose member can only be replaced; one that was never started has nothing to be replaced. */
function beyondRepair(found: readonly Diagnosis[], scene: Scene): readonly string[] {
  const hosts = found.flatMap(({ cause, hosts }) =>
    hosts.filter((host) => causeOf(cause).replaces || isInTheWay(cause, host, scene)),
  );
  return scene.members
    .filter((member) => hosts.includes(member.host) && !aboutMember(member, scene).neverStarted)
    .map(({ host }) => host);
}

/** The cluster does not have this member, or has it elsewhere, and what is there cannot be used for it. */
function isInTheWay(cause: CauseId, host: string, { all }: Scene): boolean {
  const one = all.find(({ member }) => member.host === host);
  if (one === undefined) return false;
  if (cause === 'peer-url') return !hasLog(one);
  return cause === 'not-a-member' && (hasLog(one) || one.facts.data === 'present' || isUp(one.facts));
}

function examine(scene: Scene): readonly Diagnosis[] {
  const { all, findings } = scene;
  const measured = measuredClues(scene);
  const sick = new Set(all.filter((one) => !isHealthy(one)).map(({ member }) => member.host));
  const written = writtenClues(scene, measured);
  const telling = written.filter(
    ({ from, host, isAnswer }) => isAnswer === true || sick.has(from) || sick.has(host),
  );
  const rest =
    measured.length === 0 && telling.length === 0 && healthBy(findings) === false ? written : telling;
  const clues = [...measured, ...rest];
  return grouped([...explained(clues), ...silent(clues, scene)], scene);
}

/** Why a member does not run is known: that it does not is no cause of its own. */
function explained(clues: readonly (Clue | Written)[]): readonly Clue[] {
  const roots = new Set(
    clues.filter(({ cause }) => cause !== 'stopped' && !causeOf(cause).follows).map(({ host }) => host),
  );
  return clues.filter(({ cause, host }) => cause !== 'stopped' || !roots.has(host));
}

/** One that runs and gives no answer, though the others are well and nothing says why. */
function silent(clues: readonly Clue[], scene: Scene): readonly Clue[] {
  if (majority(scene).length * 2 <= scene.members.length) return [];
  return scene.all
    .filter((one) => !isHealthy(one) && one.process !== undefined && one.facts.reading?.status === undefined)
    .filter(({ member }) => !clues.some(({ cause, host }) => host === member.host && !causeOf(cause).follows))
    .map(({ member: { host }, process }) => ({
      cause: 'hung',
      host,
      evidence: `${host}: process ${process?.pid} gives no answer`,
    }));
}

function grouped(clues: readonly Clue[], scene: Scene): readonly Diagnosis[] {
  const { members, all } = scene;
  const byCause = new Map<CauseId, Clue[]>();
  for (const clue of clues) byCause.set(clue.cause, [...(byCause.get(clue.cause) ?? []), clue]);
  return [...byCause]
    .sort(([a], [b]) => weightOf(a) - weightOf(b))
    .map(([cause, some]) => {
      const hosts = members.map(({ host }) => host).filter((host) => some.some((clue) => clue.host === host));
      const evidence = [...new Set(some.map((clue) => clue.evidence))];
      const known = some.find((clue) => clue.remedy && clue.host === hosts[0])?.remedy;
      // Where it is about none in particular, one that may be asked will do.
      const member = members.find(({ host }) => host === hosts[0]) ?? all[0]?.member;
      const about = member ? aboutMember(member, scene) : NOWHERE;
      const remedy = known ?? causeOf(cause).next(about);
      return { cause, hosts, evidence, remedy: whileOpen(remedy, about, scene) };
    });
}
