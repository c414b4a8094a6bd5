import type { CauseId } from './causes/index.ts';
import { type LogLine, parseLogLine } from './log-line.ts';
import { causeOfLine } from './signatures.ts';

/** Lines of a journal that speak of one cause. */
export interface JournalFinding {
  readonly cause: CauseId;
  readonly count: number;
  /** The last of them: what is true now. */
  readonly line: LogLine;
  /** When the first and the last were written, as the journal says it. */
  readonly first: string | undefined;
  readonly last: string | undefined;
  /** The process ended with it, and nothing that ended it came after. */
  readonly lastWords?: true;
}

/** What a journal tells, by cause, in the order in which causes first appear. */
export function readJournal(text: string): readonly JournalFinding[] {
  const findings = new Map<CauseId, JournalFinding>();
  let lastWords: CauseId | undefined;
  let fatal = '';
  for (const raw of text.split(/\r?\n/)) {
    const line = parseLogLine(raw);
    if (isEcho(line, fatal)) continue;
    const cause = causeOfLine(line);
    if (line.fatal) fatal = line.text;
    if (cause === undefined) continue;
    if (line.fatal) lastWords = cause;
    const { count = 0, first } = findings.get(cause) ?? {};
    findings.set(cause, { cause, count: count + 1, line, first: first ?? line.time, last: line.time });
  }
  return [...findings.values()].map((one) => (one.cause === lastWords ? { ...one, lastWords: true } : one));
}

/** Go repeats as `panic: …` what etcd has logged as such, without the error that says why. */
function isEcho({ text }: LogLine, fatal: string): boolean {
  const [, message] = /^panic: (.*?)(?: \[recovered.*\])?$/.exec(text) ?? [];
  return message !== undefined && message !== '' && fatal.replaceAll('\\"', '"').includes(message);
}
