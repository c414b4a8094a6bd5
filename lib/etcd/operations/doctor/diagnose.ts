import { judgeCluster } from '../../health/judge.ts';
import type { Member } from '../../model/cluster.ts';
import { type CauseId, causeOf, weightOf } from './causes/index.ts';
import type { Evidence } from './evidence.ts';
import { measuredClues } from './measured/index.ts';
import type { Remedy } from './remedies.ts';
import { type Clue, isHealthy, majority, type Scene } from './scene.ts';
import { type Written, writtenClues } from './written.ts';

/** One cause with what speaks for it. */
export interface Diagnosis {
  readonly cause: CauseId;
  /** Hosts it is about, in the order of the inventory; empty when it is about none in particular. */
  readonly hosts: readonly string[];
  readonly evidence: readonly string[];
  /** What was found to put it right on the first of them; else what the cause says. */
  readonly remedy?: Remedy;
}

/** What is known: members as the inventory has them, and evidence of those whose hosts were reached. */
export function sceneOf(
  members: readonly Member[],
  all: readonly Evidence[],
  rules: ReadonlyMap<string, string> = new Map(),
): Scene {
  const findings = judgeCluster(all.map(({ member, facts }) => ({ member, reading: facts.reading })));
  return { members, all, rules, findings };
}

/**
 * What is wrong, most likely cause first. What is measured counts always; what journals say only about members
 * that are sick, or when nothing else explains it: every start leaves lines that were true for a second.
 */
export function diagnose(scene: Scene): readonly Diagnosis[] {
  const { all, findings } = scene;
  const measured = measuredClues(scene);
  const sick = new Set(all.filter((one) => !isHealthy(one)).map(({ member }) => member.host));
  const written = writtenClues(scene, measured);
  const telling = written.filter(({ from, host }) => sick.has(from) || sick.has(host));
  const rest = measured.length === 0 && telling.length === 0 && findings.length > 0 ? written : telling;
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

function grouped(clues: readonly Clue[], { members }: Scene): readonly Diagnosis[] {
  const byCause = new Map<CauseId, Clue[]>();
  for (const clue of clues) byCause.set(clue.cause, [...(byCause.get(clue.cause) ?? []), clue]);
  return [...byCause]
    .sort(([a], [b]) => weightOf(a) - weightOf(b))
    .map(([cause, some]) => {
      const hosts = members.map(({ host }) => host).filter((host) => some.some((clue) => clue.host === host));
      const remedy = some.find((clue) => clue.remedy && clue.host === hosts[0])?.remedy;
      const evidence = [...new Set(some.map((clue) => clue.evidence))];
      return { cause, hosts, evidence, ...(remedy && { remedy }) };
    });
}
