import type { Colors } from '../colors.ts';
import { foldHosts, nameHosts } from '../hosts.ts';
import type { Settings } from '../settings.ts';
import { displayWidth, escapeControls, oneLine, pad, truncate } from '../text.ts';
import {
  foldScripts,
  groupTasks,
  type Mark,
  MEANING,
  markOf,
  type TaskEvent,
  type TaskGroup,
} from './changes.ts';
import { diffTime, foldDiffs, formatDiff } from './diff.ts';

/** Titles are lined up to this width; longer ones leave their hosts to the next line. */
const TITLE = 56;
/** More different values of one property than this are counted, not listed. */
const VALUES = 4;
/** Tasks by role, folded over hosts, with their changes and a line that counts them by kind. */
export async function changeLines(
  tasks: readonly TaskEvent[],
  all: readonly string[],
  settings: Settings,
): Promise<string[]> {
  const { colors, check, diff, verbosity } = settings;
  const groups = groupTasks(tasks);
  const naming = verbosity > 0 ? foldHosts : nameHosts;
  const width = titleWidth(
    groups,
    groups.map(({ hosts }) => naming(hosts, all)),
    settings,
  );
  const lines: string[] = [];
  const time = diffTime();
  let role: string | undefined;
  for (const group of groups) {
    if (group.role !== role) lines.push('', colors.bold(oneLine(group.role)));
    role = group.role;
    const names = escapeControls(naming(group.hosts, all));
    const word = WORDS[group.mark]?.[check ? 0 : 1];
    lines.push(
      ...titleLines(group, colors.dim(word === undefined ? names : `${names}  ${word}`), width, colors),
    );
    if (check || verbosity > 0) lines.push(...detailLines(group, settings));
    if (diff || verbosity > 0) lines.push(...scriptLines(group, settings));
    if (diff) {
      for (const one of await foldDiffs(group.events, time)) {
        lines.push(...formatDiff(one, colors).map((line) => `      ${line}`));
      }
    }
  }
  const totals = totalsLine(tasks, settings);
  return totals === undefined ? lines : [...lines, '', totals];
}

/** As the longest title needs it, and as a narrow terminal has it beside the hosts. */
function titleWidth(
  groups: readonly TaskGroup[],
  names: readonly string[],
  { stdout }: Pick<Settings, 'stdout'>,
): number {
  const longest = (texts: readonly string[]) => Math.max(0, ...texts.map(displayWidth));
  const columns = (stdout.isTTY && stdout.stream.columns) || Number.POSITIVE_INFINITY;
  const room = Math.max(0, columns - longest(names) - '  + '.length - '  '.length);
  return Math.min(TITLE, room, longest(groups.map(({ title }) => oneLine(title))));
}

/** What a sign alone would say too quietly. */
const WORDS: Partial<Record<Mark, readonly [due: string, done: string]>> = {
  '↻': ['restarts', 'restarted'],
  '■': ['stops', 'stopped'],
  '-': ['is removed', 'was removed'],
};

/** Title and hosts in their columns; a title that is too long leaves the hosts to the next line. */
function titleLines(
  { mark, title, status }: TaskGroup,
  hosts: string,
  width: number,
  colors: Colors,
): string[] {
  const text = oneLine(title);
  const paint = (cell: string) => (status === 'ok' ? colors.dim(cell) : cell);
  const sign = `  ${paintMark(mark, colors)}`;
  if (displayWidth(text) <= width) return [`${sign} ${paint(pad(text, width))}  ${hosts}`];
  return [`${sign} ${paint(text)}`, `    ${pad('', width)}  ${hosts}`];
}

/** `+12 to create · ~3 to change · ↻3 to restart`: a legend of the signs, too. */
function totalsLine(tasks: readonly TaskEvent[], { check, colors }: Settings): string | undefined {
  const counts = new Map<Mark, number>();
  for (const task of tasks) {
    const mark = markOf(task);
    if (MEANING[mark]) counts.set(mark, (counts.get(mark) ?? 0) + 1);
  }
  if (counts.size === 0) return undefined;
  const parts = (Object.keys(MEANING) as Mark[]).flatMap((mark) => {
    const number = counts.get(mark);
    return number === undefined
      ? []
      : [`${paintMark(mark, colors)}${number} ${MEANING[mark]?.[check ? 0 : 1]}`];
  });
  return `  ${parts.join(colors.dim(' · '))}`;
}

/** What a command runs, once for hosts where it is the same; they are named where it is not on all. */
function scriptLines({ events, hosts }: TaskGroup, { colors }: Settings): string[] {
  return foldScripts(events).flatMap(({ script, hosts: some }) => {
    const lines = script.split('\n').map((line, i) => `${i === 0 ? '$' : ' '} ${escapeControls(line)}`);
    const where = some.length === hosts.length ? [] : [`on ${escapeControls(foldHosts(some))}:`];
    return [...where, ...lines].map((line) => colors.dim(`      ${line}`));
  });
}

function detailLines({ details, hosts }: TaskGroup, { colors, diff, verbosity }: Settings): string[] {
  return details.flatMap(({ property, values }) => {
    if (diff && values.every(({ hasText }) => hasText)) return [];
    const own = values.length > 1 && values.every((value) => value.digest);
    if (verbosity === 0 && (own || values.length > VALUES)) {
      return [`      ${oneLine(property)}: ${colors.dim('not the same on all (-v lists them)')}`];
    }
    return values.map(({ text, hosts: some }) => {
      const where = some.length === hosts.length ? '' : `  ${escapeControls(foldHosts(some))}`;
      return `      ${verbosity > 0 ? oneLine(text) : truncate(oneLine(text), 160)}${colors.dim(where)}`;
    });
  });
}

function paintMark(mark: Mark, colors: Colors): string {
  if (mark === '+') return colors.green(mark);
  if (mark === '~') return colors.yellow(mark);
  if (mark === '-' || mark === '✗') return colors.red(mark);
  if (mark === '?') return colors.magenta(mark);
  return mark === '✓' || mark === '·' ? colors.dim(mark) : colors.cyan(mark);
}
