import type { RunEvent } from '../../runner/events.ts';
import type { Colors } from '../colors.ts';
import { changeLines } from '../diff/change-lines.ts';
import type { TaskEvent } from '../diff/changes.ts';
import type { Settings } from '../settings.ts';
import { count, escapeControls, oneLine } from '../text.ts';
import type { Conclusions } from './conclusions.ts';
import { type ErrorEvent, foldErrors } from './errors.ts';
import { type LeftOverEvent, leftOverLines } from './left-over.ts';
import { type RecapEvent, recapTable, verdict } from './recap.ts';

/** From this many hosts on, those with equal counts share a line of the recap. */
export const MANY = 12;

export interface Outcome {
  readonly tasks: readonly TaskEvent[];
  readonly left: readonly LeftOverEvent[];
  readonly errors: readonly ErrorEvent[];
  readonly recap: RecapEvent | undefined;
  readonly conclusions: Conclusions;
}

/** All that is printed after the run: `before` the errors changes, tables and recap, `after` them the verdict. */
export async function summary(
  { tasks, left, errors, recap, conclusions }: Outcome,
  settings: Settings,
): Promise<{ readonly before: string[]; readonly after: string[] }> {
  const { colors, verbosity } = settings;
  const hosts = Object.keys(recap?.hosts ?? {});
  const before = [
    ...(await changeLines(tasks, hosts, settings)),
    ...leftOverLines(left, colors),
    ...conclusions.tables.flatMap(({ name, table }) => ['', ...nameLine(name), ...tableLines(table, colors)]),
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
    if (level === 'debug' || level === 'trace') return colors.dim(`${where} │ ${text}`);
    return `${where ? `${where}: ` : ''}${text}`;
  });
}

/** What a command prints, as it does. */
export function outputLine(
  { host, line }: Extract<RunEvent, { event: 'output' }>,
  { colors }: Settings,
): string[] {
  return [colors.dim(`${escapeControls(host)} │ ${escapeControls(line)}`)];
}

/** Which cluster a table is about. */
function nameLine(name: string | undefined): string[] {
  return name === undefined ? [] : [escapeControls(name)];
}

/** A table's head is bold; the line to copy below it is left as it is. */
function tableLines(table: string, colors: Colors): string[] {
  const [head = '', ...rest] = escapeControls(table).split('\n');
  return [colors.bold(head), ...rest];
}
