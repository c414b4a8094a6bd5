import type { CauseId } from './causes.ts';
import { causeOfLine } from './signatures.ts';

/** Lines of a journal that speak of one cause. */
export interface JournalFinding {
  readonly cause: CauseId;
  readonly count: number;
  /** The last of them, whole, without date, host and unit in front: what is true now. */
  readonly line: string;
  /** When the first and the last were written, as the journal says it. */
  readonly first: string | undefined;
  readonly last: string | undefined;
}

/** What a journal tells, by cause, in the order in which causes first appear. */
export function readJournal(text: string): readonly JournalFinding[] {
  const findings = new Map<CauseId, JournalFinding>();
  for (const line of text.split(/\r?\n/)) {
    const cause = causeOfLine(line);
    if (cause === undefined) continue;
    const { count = 0, first } = findings.get(cause) ?? {};
    const time = timeOf(line);
    findings.set(cause, { cause, count: count + 1, line: bare(line), first: first ?? time, last: time });
  }
  return [...findings.values()];
}

/** Of a JSON line its `ts`; of journalctl's and etcd's own lines what stands first. */
function timeOf(line: string): string | undefined {
  const [, ts] = /"ts":"([^"]+)"/.exec(line) ?? [];
  const [time] =
    ts === undefined
      ? (/^(?:[A-Z][a-z]{2} +\d+ [\d:]{8}|\d{4}-\d{2}-\d{2}[T ][\d:.]+\S*)/.exec(line.trim()) ?? [])
      : [ts];
  return time;
}

function bare(line: string): string {
  return line
    .trim()
    .replace(/^(?:[A-Z][a-z]{2} +\d+ [\d:]{8}|\d{4}-\d{2}-\d{2}T\S+) \S+ (?:etcd|systemd)[^:\s]*: /, '');
}
