import { judgeCluster } from '../../health/judge.ts';
import { type CauseId, weightOf } from './causes.ts';
import type { Evidence } from './evidence.ts';
import { type Clue, measuredClues } from './measured.ts';
import { writtenClues } from './written.ts';

/** One cause with what speaks for it. */
export interface Diagnosis {
  readonly cause: CauseId;
  /** Hosts it is about, in the order of the inventory; empty when it is about none in particular. */
  readonly hosts: readonly string[];
  readonly evidence: readonly string[];
}

/**
 * What is wrong, most likely cause first. What is measured counts always; what journals say only about members
 * that are sick, or when nothing else explains it: every start leaves lines that were true for a second.
 * `rules` holds what the hosts' firewalls say of ports, by host.
 */
export function diagnose(
  all: readonly Evidence[],
  rules: ReadonlyMap<string, string> = new Map(),
): readonly Diagnosis[] {
  const findings = judgeCluster(all.map(({ member, facts }) => ({ member, reading: facts.reading })));
  const measured = measuredClues(all, findings, rules);
  const sick = new Set(all.filter(({ facts }) => !facts.reading?.healthy).map(({ member }) => member.host));
  const written = writtenClues(all, measured);
  const telling = written.filter(({ from, host }) => sick.has(from) || sick.has(host));
  const rest = measured.length === 0 && telling.length === 0 && findings.length > 0 ? written : telling;
  return grouped([...measured, ...rest], all);
}

function grouped(clues: readonly Clue[], all: readonly Evidence[]): readonly Diagnosis[] {
  const order = all.map(({ member }) => member.host);
  const byCause = new Map<CauseId, Clue[]>();
  for (const clue of clues) byCause.set(clue.cause, [...(byCause.get(clue.cause) ?? []), clue]);
  return [...byCause]
    .sort(([a], [b]) => weightOf(a) - weightOf(b))
    .map(([cause, some]) => ({
      cause,
      hosts: order.filter((host) => some.some((clue) => clue.host === host)),
      evidence: [...new Set(some.map(({ evidence }) => evidence))],
    }));
}
