import type { RunEvent } from '../runner/events.ts';
import { groupTasks, type Mark, type TaskEvent, type TaskGroup } from './changes.ts';
import type { Colors } from './colors.ts';
import type { Conclusions } from './conclusions.ts';
import { foldDiffs, formatDiff } from './diff.ts';
import { type ErrorEvent, foldErrors } from './errors.ts';
import { foldHosts, nameHosts } from './hosts.ts';
import { type RecapEvent, recapTable, verdict } from './recap.ts';
import type { Settings } from './settings.ts';
import { count, displayWidth, escapeControls, oneLine, pad, truncate } from './text.ts';

/** Titles are lined up to this width; longer ones push their hosts aside. */
const TITLE = 56;
/** More different values of one property than this are counted, not listed. */
const VALUES = 4;
/** From so many hosts on, those with equal counts share a line of the recap. */
const MANY = 12;

export interface Outcome {
  readonly tasks: readonly TaskEvent[];
  readonly errors: readonly ErrorEvent[];
  readonly recap: RecapEvent | undefined;
  readonly conclusions: Conclusions;
}

/** All that is printed after the run: `before` the errors changes, tables and recap, `after` them the verdict. */
export async function summary(
  { tasks, errors, recap, conclusions }: Outcome,
  settings: Settings,
): Promise<{ readonly before: string[]; readonly after: string[] }> {
  const { colors, verbosity } = settings;
  const hosts = Object.keys(recap?.hosts ?? {});
  const before = [
    ...(await changeLines(tasks, hosts, settings)),
    ...conclusions.tables.flatMap((table) => ['', ...tableLines(table, colors)]),
  ];
  if (!recap || hosts.length === 0) return { before, after: [] };
  const fold = hosts.length > MANY && verbosity === 0;
  before.push('', ...recapTable(recap, { colors, fold, roundTrips: verbosity > 0 }));
  const { good, text } = verdict(recap, errors, conclusions.sentences);
  const last = escapeControls(text);
  return { before, after: ['', good ? colors.green(`✔ ${last}`) : colors.red(`✗ ${last}`)] };
}

/** Errors with their hints, those of several hosts folded. */
export function errorSummary(errors: readonly ErrorEvent[], { colors }: Settings): string[] {
  return foldErrors(errors).flatMap((lines) => [
    '',
    ...lines.map(escapeControls).map((line) => {
      if (line.startsWith('error: ')) {
        return `${colors.red(colors.bold('error:'))} ${line.slice('error: '.length)}`;
      }
      const label = /^ {2}(hint|task|at):/.exec(line)?.[0];
      return label === undefined ? line : `${colors.cyan(label)}${line.slice(label.length)}`;
    }),
  ]);
}

/** What runs, over what. */
export function header(start: Extract<RunEvent, { event: 'start' }>, { colors }: Settings): string[] {
  const { playbook, inventory, hosts, check } = start;
  const parts = [
    inventory.join(', '),
    count(hosts.length, 'host'),
    ...(check ? ['check, nothing is changed'] : []),
  ];
  return [`${colors.bold(oneLine(playbook))} ${colors.dim(oneLine(`· ${parts.join(' · ')}`))}`];
}

/** A message that stays on the screen while the run goes on. */
export function logLine(event: Extract<RunEvent, { event: 'log' }>, { colors }: Settings): string[] {
  const { level, host, message } = event;
  return message.split('\n').map((line) => {
    const text = escapeControls(line);
    const where = host === undefined ? '' : escapeControls(host);
    if (level === 'warning') return `${colors.yellow('warning:')} ${where ? `${where}: ` : ''}${text}`;
    if (level === 'output' || level === 'debug') return colors.dim(`${where} │ ${text}`);
    return `${where ? `${where}: ` : ''}${text}`;
  });
}

async function changeLines(
  tasks: readonly TaskEvent[],
  all: readonly string[],
  settings: Settings,
): Promise<string[]> {
  const { colors, check, diff, verbosity } = settings;
  const groups = groupTasks(tasks);
  const width = Math.min(TITLE, Math.max(0, ...groups.map(({ title }) => displayWidth(oneLine(title)))));
  const naming = verbosity > 0 ? foldHosts : nameHosts;
  const lines: string[] = [];
  let role: string | undefined;
  for (const group of groups) {
    if (group.role !== role) lines.push('', colors.bold(oneLine(group.role)));
    role = group.role;
    const title = pad(oneLine(group.title), width);
    const hosts = colors.dim(escapeControls(naming(group.hosts, all)));
    lines.push(
      `  ${paintMark(group.mark, colors)} ${group.status === 'ok' ? colors.dim(title) : title}  ${hosts}`,
    );
    if (check || verbosity > 0) lines.push(...detailLines(group, settings));
    if (diff) {
      for (const one of await foldDiffs(group.events)) {
        lines.push(...formatDiff(one, colors).map((line) => `      ${line}`));
      }
    }
  }
  return lines;
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

/** A table's head is bold; the line to copy below it is left as it is. */
function tableLines(table: string, colors: Colors): string[] {
  const [head = '', ...rest] = escapeControls(table).split('\n');
  return [colors.bold(head), ...rest];
}

function paintMark(mark: Mark, colors: Colors): string {
  if (mark === '+') return colors.green(mark);
  if (mark === '~') return colors.yellow(mark);
  if (mark === '-' || mark === '✗') return colors.red(mark);
  if (mark === '?') return colors.magenta(mark);
  return mark === '✓' || mark === '·' ? colors.dim(mark) : colors.cyan(mark);
}
