import {
  groupTasks,
  type Mark,
  MEANING,
  markOf,
  type TaskEvent,
  type TaskGroup,
} from '../../report/changes.ts';
import { foldDiffs } from '../../report/diff.ts';
import { foldHosts } from '../../report/hosts.ts';
import { count, escapeControls, oneLine } from '../../report/text.ts';
import type { RunEvent } from '../../runner/events.ts';
import { maskText } from '../../secret-names.ts';
import type { Plan } from './format.ts';

/** Characters: what GitHub takes of a comment is 65,536. */
const MOST = 60_000;
/** What each part of the head may take of it. */
const HEAD = 12_000;
/** Rows of the table, steps and things left over that are listed; values of one property. */
const ROWS = 50;
const VALUES = 4;
const TEXT = 240;

/**
 * A plan for a pull request: a summary, a table of counts, and each change folded, once for hosts where it is the same.
 * Always under 60,000 characters: what is left out is counted. Events are redacted already; what comes from hosts can
 * neither end its fence nor mention anybody.
 *
 * @param line What the user types to run the playbook: how to see the rest.
 */
export async function markdown(plan: Plan, events: readonly RunEvent[], line: string): Promise<string> {
  const tasks = events.filter((event) => event.event === 'task').filter(isDue);
  const head = [...summary(plan, tasks), ...table(tasks), ...steps(plan), ...leftOver(events)].join('\n');
  const sections: string[] = [];
  // Kept for what is said of the rest, however long that gets.
  const most = MOST - end(plan, line, tasks.length, tasks.length).length;
  let size = head.length;
  let role: string | undefined;
  let [left, folded] = [0, 0];
  for (const group of groupTasks(tasks)) {
    if (size > most - TEXT) {
      left += 1;
      continue;
    }
    const title = group.role === role ? '' : `\n#### ${code(group.role)}\n`;
    const whole = `${title}${await section(group, true)}`;
    const short = `${title}${await section(group, false)}`;
    const fits = [whole, short].find((text) => size + text.length <= most);
    if (fits === undefined) {
      left += 1;
      continue;
    }
    if (fits !== whole) folded += 1;
    role = group.role;
    size += fits.length;
    sections.push(fits);
  }
  return `${head}\n${sections.join('')}${end(plan, line, left, folded)}`;
}

function isDue({ status }: TaskEvent): boolean {
  return status === 'changed' || status === 'unknown';
}

function summary({ playbook, hosts, steps }: Plan, tasks: readonly TaskEvent[]): readonly string[] {
  const on = new Set([...tasks, ...steps].map(({ host }) => host)).size;
  if (on === 0) return [`### ${code(playbook)}: no changes on ${count(hosts.length, 'host')}`, ''];
  const sure = tasks.filter(({ status }) => status === 'changed').length;
  const unknown = tasks.length - sure;
  const parts = [
    ...(sure > 0 ? [count(sure, 'change')] : []),
    ...(unknown > 0 ? [`${unknown} unknown before the run`] : []),
    ...(steps.length > 0 ? [count(steps.length, 'step')] : []),
  ];
  return [
    `### ${code(playbook)}: ${parts.join(', ')} on ${on} of ${count(Math.max(hosts.length, on), 'host')}`,
    '',
  ];
}

/** Counts by kind; hosts with equal ones share a row. */
function table(tasks: readonly TaskEvent[]): readonly string[] {
  const marks = (Object.keys(MEANING) as Mark[]).filter((mark) =>
    tasks.some((task) => markOf(task) === mark),
  );
  if (marks.length === 0) return [];
  const byHost = new Map<string, TaskEvent[]>();
  for (const task of tasks) byHost.set(task.host, [...(byHost.get(task.host) ?? []), task]);
  const folded = new Map<string, string[]>();
  for (const [host, own] of byHost) {
    const cells = marks.map((mark) => own.filter((task) => markOf(task) === mark).length).join(' | ');
    folded.set(cells, [...(folded.get(cells) ?? []), host]);
  }
  return [
    `| host | ${marks.map((mark) => `${mark} ${MEANING[mark]?.[0]}`).join(' | ')} |`,
    `|---|${marks.map(() => '---:|').join('')}`,
    ...within(
      [...folded].map(([cells, hosts]) => `| ${names(hosts)} | ${cells} |`),
      'row',
    ),
    '',
  ];
}

function steps({ steps: all }: Plan): readonly string[] {
  if (all.length === 0) return [];
  const lines = all.map(({ host, title }, i) => `${i + 1}. ${code(host)}: ${code(title)}`);
  return [...within(lines, 'step'), ''];
}

function leftOver(events: readonly RunEvent[]): readonly string[] {
  const all = events.filter((event) => event.event === 'left-over');
  if (all.length === 0) return [];
  const lines = all.map(
    ({ host, kind, name, stays }) =>
      `- ${code(`${kind} ${name}`)} on ${code(host)}${stays === undefined ? '' : `, stays: ${code(stays)}`}`,
  );
  return ['No role declares any more:', '', ...within(lines, 'thing'), ''];
}

/** As many lines as a part of the head may have; the rest is counted. Markup makes of one character up to six. */
function within(lines: readonly string[], what: string): readonly string[] {
  let size = 0;
  const some = lines.slice(0, ROWS).filter((line) => {
    size += line.length + 1;
    return size <= HEAD;
  });
  const left = lines.length - some.length;
  return left > 0 ? [...some, '', `… and ${count(left, `more ${what}`)}`] : some;
}

async function section(group: TaskGroup, withDiff: boolean): Promise<string> {
  const { title, mark, hosts } = group;
  const body = [...values(group), ...(withDiff ? await texts(group) : [])];
  const head = `${mark} ${code(title)} on ${names(hosts)}`;
  if (body.length === 0) return `\n- ${head}\n`;
  return `\n<details><summary>${head}</summary>\n\n${body.join('\n')}\n\n</details>\n`;
}

/** What changes, each value with its hosts where it is not the same on all. */
function values({ details, hosts }: TaskGroup): readonly string[] {
  return details.flatMap(({ property, values: all }) => [
    ...all.slice(0, VALUES).map(({ text, hosts: some }) => {
      const where = some.length === hosts.length ? '' : ` on ${names(some)}`;
      return `- ${code(text)}${where}`;
    }),
    ...(all.length > VALUES ? [`- ${code(property)}: ${all.length - VALUES} more values`] : []),
  ]);
}

async function texts({ events }: TaskGroup): Promise<readonly string[]> {
  const diffs = await foldDiffs(events);
  const scripts = new Set(
    events.flatMap(({ changes }) =>
      changes.flatMap(({ kind, text }) => (kind === 'run' && text ? [text.after.trim()] : [])),
    ),
  );
  return [
    ...diffs.flatMap(({ resource, hosts, lines }) => [
      '',
      `${code(resource)} on ${names(hosts)}:`,
      ...fenced('diff', lines),
    ]),
    ...[...scripts]
      .slice(0, VALUES)
      .flatMap((script) => fenced('sh', maskText(script).split('\n').map(escapeControls))),
  ];
}

/** The fence is longer than any row of backticks in it. */
function fenced(language: string, lines: readonly string[]): readonly string[] {
  const rows = lines.join('\n').match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(3, ...rows.map(({ length }) => length + 1)));
  return ['', `${fence}${language}`, ...lines, fence];
}

function end({ time, by, code: { version } }: Plan, line: string, left: number, folded: number): string {
  const all = `${line} --plan-format text`;
  const parts = [
    ...(left > 0 ? [count(left, 'task')] : []),
    ...(folded > 0 ? [`the diffs of ${count(folded, 'task')}`] : []),
  ];
  const rest =
    parts.length === 0
      ? ''
      : `\n**Left out** to stay under 60,000 characters: ${parts.join(' and ')}; ${code(all)} shows them.\n`;
  return `${rest}\n<sub>planned at ${code(time)} by ${code(by)} with Quorate ${code(version)}; nothing was changed</sub>\n`;
}

function names(hosts: readonly string[]): string {
  return code(foldHosts(hosts));
}

/** Text of others, whatever is in it: no markup, no link, no mention. */
function code(text: string): string {
  const line = escapeControls(oneLine(text));
  const short = line.length > TEXT ? `${line.slice(0, TEXT)}…` : line;
  const safe = short
    .replaceAll(/[^\p{L}\p{N} /.,=…→-]/gu, (sign) => `&#${sign.codePointAt(0)};`)
    .replaceAll(/(?<=www)\./gi, '&#46;');
  return `<code>${safe}</code>`;
}
