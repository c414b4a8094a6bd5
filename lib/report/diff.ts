import type { StructuredPatch, StructuredPatchHunk } from 'diff';
import { anonymous, type TaskEvent } from './changes.ts';
import type { Colors } from './colors.ts';
import { foldHosts } from './hosts.ts';
import { escapeControls } from './text.ts';

/** Lines of one diff that are shown; the rest is counted. */
const CAP = 200;
/** Texts that differ in everything would take long to compare, ms. */
const LIMITS = { context: 3, timeout: 500 };

/** A text that changes in the same way on one or more hosts. */
export interface FoldedDiff {
  readonly resource: string;
  readonly hosts: readonly string[];
  readonly lines: readonly string[];
}

/** Unified diffs of all texts that change, equal ones of several hosts as one, ready to print. */
export async function foldDiffs(events: readonly TaskEvent[]): Promise<FoldedDiff[]> {
  const texts = events.flatMap(({ host, changes }) =>
    changes.flatMap(({ resource, text }) => (text ? [{ host, resource, ...text }] : [])),
  );
  if (texts.length === 0) return [];
  const { structuredPatch } = await import('diff');
  const patches = new Map<string, readonly string[]>();
  const folded = new Map<string, { resource: string; hosts: string[]; lines: readonly string[] }>();
  for (const { host, resource, before, after } of texts) {
    const pair = JSON.stringify([before, after]);
    const lines = patches.get(pair) ?? linesOf(structuredPatch('', '', before, after, '', '', LIMITS));
    patches.set(pair, lines);
    const key = JSON.stringify([anonymous(resource, host), lines]);
    const same = folded.get(key);
    if (same) same.hosts.push(host);
    else folded.set(key, { resource, hosts: [host], lines });
  }
  return [...folded.values()];
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

function linesOf(patch: StructuredPatch | undefined): string[] {
  if (!patch) return ['(too different to compare)'];
  const lines = patch.hunks.flatMap((hunk) => [headOf(hunk), ...hunk.lines]).map(escapeControls);
  if (lines.length <= CAP) return lines;
  return [...lines.slice(0, CAP), `… ${lines.length - CAP} more lines`];
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
