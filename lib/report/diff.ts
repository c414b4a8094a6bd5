import { anonymous, type TaskEvent } from './changes.ts';
import type { Colors } from './colors.ts';
import { foldHosts } from './hosts.ts';
import { escapeControls } from './text.ts';

/** Lines of one diff that are shown; the rest is counted. */
const CAP = 200;

/** A text that changes in the same way on one or more hosts. */
export interface FoldedDiff {
  readonly resource: string;
  readonly hosts: readonly string[];
  readonly lines: readonly string[];
}

/** Unified diffs of all texts that change, equal ones of several hosts as one, ready to print. */
export async function foldDiffs(events: readonly TaskEvent[]): Promise<FoldedDiff[]> {
  const texts = new Map<string, { resource: string; before: string; after: string; hosts: string[] }>();
  for (const { host, changes } of events) {
    for (const { resource, text } of changes) {
      if (!text) continue;
      const key = JSON.stringify([anonymous(resource, host), text.before, text.after]);
      const same = texts.get(key);
      if (same) same.hosts.push(host);
      else texts.set(key, { resource, ...text, hosts: [host] });
    }
  }
  if (texts.size === 0) return [];
  const { structuredPatch } = await import('diff');
  return [...texts.values()].map(({ resource, before, after, hosts }) => {
    const patch = structuredPatch('', '', before, after, undefined, undefined, { context: 3, timeout: 500 });
    const lines = patch
      ? patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
          `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
          ...lines,
        ])
      : ['(too different for a diff)'];
    return { resource, hosts, lines: cap(lines).map(escapeControls) };
  });
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

function cap(lines: readonly string[]): string[] {
  if (lines.length <= CAP) return [...lines];
  return [...lines.slice(0, CAP), `… ${lines.length - CAP} more lines`];
}

function paint(line: string, colors: Colors): string {
  if (line.startsWith('+')) return colors.green(line);
  if (line.startsWith('-')) return colors.red(line);
  return line.startsWith('@@') ? colors.cyan(line) : colors.dim(line);
}
