import {
  groupTasks,
  type Mark,
  MEANING,
  markOf,
  type TaskEvent,
  type TaskGroup,
} from '../../report/diff/changes.ts';
import { diffTime } from '../../report/diff/diff.ts';
import { count } from '../../report/text.ts';
import type { RunEvent } from '../../runner/events.ts';
import type { Plan } from './format.ts';
import { code, names } from './markup.ts';
import { fitting, moreLines, REST, sizeOf, texts } from './texts.ts';

/** Characters: what GitHub takes of a comment is 65,536. */
const MOST = 60_000;
/** What each part of the head may take of it. */
const HEAD = 12_000;
/** Rows of the table, steps and things left over that are listed; values of one property. */
const ROWS = 50;
const VALUES = 4;
/** What a section with diffs has more than one without. */
const FRAME = 100;

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
  // Kept for what is said of the rest, however long that gets.
  let room = MOST - head.length - end(plan, line, tasks.length, tasks.length).length;
  const groups = groupTasks(tasks);
  const kept: Section[] = [];
  for (const group of groups) {
    const section = sectionOf(group, kept.at(-1)?.group.role);
    const size = framed(section, []).length + FRAME;
    if (size > room) break;
    room -= size;
    kept.push(section);
  }
  // What is changed comes first, how texts differ has the room that is left.
  const time = diffTime();
  let folded = 0;
  const sections: string[] = [];
  for (const section of kept) {
    const fits = room > REST;
    const all = fits ? await texts(section.group, time) : [];
    const some = fitting(all, room);
    const lines = [...some.map(({ text }) => text), ...moreLines(all.slice(some.length))];
    room -= sizeOf(lines);
    if (!fits || some.length < all.length) folded += hasTexts(section.group) ? 1 : 0;
    sections.push(framed(section, lines));
  }
  return `${head}\n${sections.join('')}${end(plan, line, groups.length - kept.length, folded)}`;
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
    ({ host, kind, name, from, stays }) =>
      `- ${code(`${kind} ${name}`)} on ${code(host)}${from === undefined ? '' : `, from ${code(from)}`}${stays === undefined ? '' : `, stays: ${code(stays)}`}`,
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

/** One task, on all hosts where it comes out alike. */
interface Section {
  readonly group: TaskGroup;
  /** Of the role, where it is another one than above. */
  readonly title: string;
  readonly head: string;
  readonly values: readonly string[];
}

function sectionOf(group: TaskGroup, roleAbove: string | undefined): Section {
  const { role, title, mark, hosts } = group;
  return {
    group,
    title: role === roleAbove ? '' : `\n#### ${code(role)}\n`,
    head: `${mark} ${code(title)} on ${names(hosts)}`,
    values: values(group),
  };
}

function framed({ title, head, values }: Section, texts: readonly string[]): string {
  const body = [...values, ...texts];
  if (body.length === 0) return `${title}\n- ${head}\n`;
  return `${title}\n<details><summary>${head}</summary>\n\n${body.join('\n')}\n\n</details>\n`;
}

function hasTexts({ events }: TaskGroup): boolean {
  return events.some(({ changes }) => changes.some(({ text }) => text !== undefined));
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

function end({ time, by, code: { version } }: Plan, line: string, left: number, folded: number): string {
  const all = `${line} --plan-format text`;
  const parts = [
    ...(left > 0 ? [count(left, 'task')] : []),
    ...(folded > 0 ? [`diffs and scripts of ${count(folded, 'task')}`] : []),
  ];
  const rest =
    parts.length === 0
      ? ''
      : `\n**Left out** to stay under 60,000 characters: ${parts.join(' and ')}; ${code(all)} shows them.\n`;
  return `${rest}\n<sub>planned at ${code(time)} by ${code(by)} with Quorate ${code(version)}; nothing was changed</sub>\n`;
}
