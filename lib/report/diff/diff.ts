import type { StructuredPatch, StructuredPatchHunk } from 'diff';
import { MASK } from '../../secret-names.ts';
import { maskText } from '../../secret-texts.ts';
import type { Colors } from '../colors.ts';
import { foldHosts } from '../hosts.ts';
import { escapeControls } from '../text.ts';
import { anonymous, type TaskEvent } from './changes.ts';

/** Lines of one diff that are shown; the rest is counted. */
const CAP = 200;
/** Time limit for one diff, in ms: texts that share nothing are quadratic. */
const LIMIT = 500;
/** Time limit for all diffs of a report, in ms; after it each has the least, in which texts that are much alike are compared. */
const TOGETHER = 10_000;
const LEAST = 20;

/** What is left of the time for all diffs of a report, in ms. */
export interface DiffTime {
  left: number;
}

export function diffTime(): DiffTime {
  return { left: TOGETHER };
}

/** A text that changes in the same way on one or more hosts. */
export interface FoldedDiff {
  readonly resource: string;
  readonly hosts: readonly string[];
  readonly lines: readonly string[];
}

/**
 * Unified diffs of all texts that change, ready to print. Those of several hosts that differ in nothing but the
 * host's own name are one, which reads `<host>` there; so are those that differ in addresses.
 */
export async function foldDiffs(
  events: readonly TaskEvent[],
  time: DiffTime = diffTime(),
): Promise<readonly FoldedDiff[]> {
  const texts = events.flatMap(({ host, changes }) =>
    changes.flatMap(({ resource, kind, text, diff }) =>
      kind !== 'run' && (text ?? diff) !== undefined ? [{ host, resource, text, diff }] : [],
    ),
  );
  if (texts.length === 0) return [];
  const differ = await loadDiffer(LIMIT, time);
  const all = texts.map(({ host, resource, text, diff = differ(text?.before ?? '', text?.after ?? '') }) => ({
    resource,
    hosts: [host],
    lines: diff,
  }));
  const equal = fold(all, ({ lines }) => lines);
  const unnamedOnes = fold(equal, ({ lines, hosts }) =>
    hosts.length > 1 ? lines : unnamed(lines, hosts[0]),
  );
  return fold(unnamedOnes, ({ lines }) => lines.map(withoutAddresses));
}

/** The lines of a unified diff of two texts, made harmless and masked; the same pair is compared once. */
export type Differ = (before: string, after: string) => readonly string[];

/** Loaded when texts differ, and only then. */
export async function loadDiffer(timeout = LIMIT, time = diffTime()): Promise<Differ> {
  const { structuredPatch } = await import('diff');
  const patches = new Map<string, readonly string[]>();
  const compare = (before: string, after: string) => {
    const begun = performance.now();
    const most = Math.max(LEAST, Math.min(timeout, time.left));
    const patch = structuredPatch('', '', before, after, '', '', { context: 3, timeout: most });
    const lines = linesOf(patch, { before, after });
    time.left -= performance.now() - begun;
    return lines;
  };
  return (before, after) => {
    const pair = JSON.stringify([before, after]);
    const lines = patches.get(pair) ?? compare(before, after);
    patches.set(pair, lines);
    return lines;
  };
}

/** What differs in addresses alone reads `<address>`, where it is folded. */
function withoutAddresses(line: string): string {
  return line.replaceAll(/(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|\[[\da-f:]*:[\da-f:]+\]/gi, '<address>');
}

/** Joins those of one resource with the same `comparable` lines, and shows these where they are several. */
function fold(
  diffs: readonly FoldedDiff[],
  comparable: (diff: FoldedDiff) => readonly string[],
): readonly FoldedDiff[] {
  const folded = new Map<string, FoldedDiff>();
  for (const diff of diffs) {
    const lines = comparable(diff);
    const key = JSON.stringify([anonymous(diff.resource, diff.hosts[0] ?? ''), lines]);
    const same = folded.get(key);
    folded.set(key, same ? { ...same, hosts: [...same.hosts, ...diff.hosts], lines } : diff);
  }
  return [...folded.values()];
}

function unnamed(lines: readonly string[], host = ''): readonly string[] {
  return lines.map((line) => anonymous(line, host));
}

/** A diff with its two header lines, coloured the usual way. */
export function formatDiff({ resource, hosts, lines }: FoldedDiff, colors: Colors): string[] {
  const name = escapeControls(resource);
  const where = escapeControls(foldHosts(hosts));
  return [
    colors.bold(`--- ${name} (before) on ${where}`),
    colors.bold(`+++ ${name} (after) on ${where}`),
    ...lines.map((line) => paint(line, colors)),
  ];
}

function linesOf(patch: StructuredPatch | undefined, texts: { before: string; after: string }): string[] {
  if (!patch) return ['(too different to compare)'];
  // After comparing: an old password is known to nobody here, and a change of it still shows.
  const before = maskText(texts.before).split('\n');
  const after = maskText(texts.after).split('\n');
  const lines = patch.hunks
    .flatMap((hunk) => [headOf(hunk), ...withoutOldSecrets(maskedHunk(hunk, before, after), after)])
    .map((line) => escapeControls(maskText(line)));
  if (lines.length <= CAP) return lines;
  return [...lines.slice(0, CAP), `… ${lines.length - CAP} more lines`];
}

/** The lines of a hunk as they are in the masked texts: a value may have begun far above. */
function maskedHunk(
  { oldStart, newStart, lines }: StructuredPatchHunk,
  before: readonly string[],
  after: readonly string[],
): readonly string[] {
  let [old, now] = [oldStart - 1, newStart - 1];
  return lines.map((line) => {
    const sign = line.slice(0, 1);
    if (sign === '-') return `-${before[old++]}`;
    if (sign === '+') return `+${after[now++]}`;
    if (sign !== ' ') return line;
    const [was, is] = [before[old++], after[now++]];
    return ` ${was === line.slice(1) ? is : was}`;
  });
}

/**
 * Masks what a secret takes the place of: an old value is known to nobody here. A line that goes keeps what it begins
 * with where a line with a secret begins alike (`-requirepass ********`); any other beside a new secret is masked whole.
 */
function withoutOldSecrets(lines: readonly string[], after: readonly string[]): readonly string[] {
  const isBeside = lines.some((line) => line.startsWith('+') && line.includes(MASK));
  const heads = after.filter((line) => line.includes(MASK)).map((line) => line.slice(0, line.indexOf(MASK)));
  return lines.map((line) => {
    if (!line.startsWith('-')) return line;
    const head = heads.find((one) => one.trim() !== '' && line.startsWith(one, 1));
    if (head !== undefined) return `-${head}${MASK}`;
    return isBeside && !line.includes(MASK) ? `-${MASK}` : line;
  });
}

/** An empty side counts from line 0, as diff(1) has it. */
function headOf({ oldStart, oldLines, newStart, newLines }: StructuredPatchHunk): string {
  const from = (start: number, lines: number) => (lines === 0 ? start - 1 : start);
  return `@@ -${from(oldStart, oldLines)},${oldLines} +${from(newStart, newLines)},${newLines} @@`;
}

function paint(line: string, colors: Colors): string {
  if (line.startsWith('+')) return colors.green(line);
  if (line.startsWith('-')) return colors.red(line);
  return line.startsWith('@@') ? colors.cyan(line) : colors.dim(line);
}
