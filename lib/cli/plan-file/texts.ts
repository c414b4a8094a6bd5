import { foldScripts, type TaskGroup } from '../../report/diff/changes.ts';
import { type DiffTime, foldDiffs } from '../../report/diff/diff.ts';
import { count, escapeControls } from '../../report/text.ts';
import { maskText } from '../../secret-texts.ts';
import { code, fenced, names, TEXT } from './markup.ts';

/** Kept for the line that counts the rest: markup makes of a sign in a name up to ten. */
export const REST = 10 * TEXT + 100;

/** A diff or a script, whole, with its fence. */
export interface Text {
  readonly what: 'diff' | 'script';
  readonly hosts: readonly string[];
  readonly text: string;
}

/** How texts differ, and scripts that are run. */
export async function texts({ events, hosts: all }: TaskGroup, time: DiffTime): Promise<readonly Text[]> {
  const diffs = await foldDiffs(events, time);
  return [
    ...diffs.map(({ resource, hosts, lines }) => ({
      what: 'diff' as const,
      hosts,
      text: ['', `${code(resource)} on ${names(hosts)}:`, ...fenced('diff', lines)].join('\n'),
    })),
    ...foldScripts(events).map(({ script, hosts }) => ({
      what: 'script' as const,
      hosts,
      text: [
        ...(hosts.length === all.length ? [] : ['', `on ${names(hosts)}:`]),
        ...fenced('sh', maskText(script).split('\n').map(escapeControls)),
      ].join('\n'),
    })),
  ];
}

/** The first of them that have room together, and with the line that counts the rest. */
export function fitting(texts: readonly Text[], room: number): readonly Text[] {
  if (sizeOf(texts.map(({ text }) => text)) <= room) return texts;
  let size = REST;
  const tooMany = texts.findIndex(({ text }) => {
    size += text.length + 1;
    return size > room;
  });
  return texts.slice(0, tooMany);
}

export function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + length + 1, 0);
}

/** Counts what has no room, and names its hosts. */
export function moreLines(left: readonly Text[]): readonly string[] {
  if (left.length === 0) return [];
  const counts = (['diff', 'script'] as const).flatMap((what) => {
    const some = left.filter((one) => one.what === what);
    return some.length === 0 ? [] : [count(some.length, `more ${what}`)];
  });
  return ['', `… and ${counts.join(' and ')} on ${names([...new Set(left.flatMap(({ hosts }) => hosts))])}`];
}
