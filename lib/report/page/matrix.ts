import { anonymous, markOf, type TaskEvent } from '../diff/changes.ts';
import { type Html, html } from './html.ts';
import type { Told } from './told.ts';

/** More cells than these make a page that nobody can scroll. */
const CELLS = 60_000;

const WEIGHT: readonly TaskEvent['status'][] = ['failed', 'changed', 'unknown', 'skipped', 'ok'];

interface Column {
  readonly role: string;
  readonly title: string;
  readonly cells: Map<string, TaskEvent>;
}

/** Hosts × tasks, by role: a cell says what became of a task on a host. */
export function matrix(told: Told): Html | undefined {
  const columns = columnsOf(told);
  const hosts = [...told.hosts.keys()];
  if (columns.length === 0 || hosts.length === 0) return undefined;
  if (columns.length * hosts.length > CELLS)
    return html`<section id=tasks><h2>Hosts × tasks</h2><p>${hosts.length} hosts × ${columns.length} tasks are too many to draw.</p></section>`;
  const roles = [...new Set(columns.map(({ role }) => role))];
  const groups = roles.map((role) => {
    const width = columns.filter((column) => column.role === role).length;
    return html`<th scope=colgroup colspan=${width} title="${role}"><span>${role}</span></th>`;
  });
  const rows = hosts.map((host) => {
    const cells = columns.map(({ cells }) => {
      const event = cells.get(host);
      return event === undefined ? html`<td>` : html`<td class=${event.status}>${markOf(event)}`;
    });
    const statuses = new Set(columns.flatMap(({ cells }) => cells.get(host)?.status ?? []));
    return html`<tr class=f data-s="${[...statuses].join(' ')}"><th scope=row>${host}</th>${cells}</tr>\n`;
  });
  return html`<section id=tasks><h2>Hosts × tasks</h2>
<p id=tip class=n>Point at a cell, or tap it: its task is named here.</p>
<div class="w m" tabindex=0 role=region aria-label="Hosts by tasks"><table data-keep><thead><tr><td></td>${groups}</tr>
<tr class=names><td></td>${columns.map(({ title }) => html`<th scope=col><span class=vh>${title}</span></th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div></section>`;
}

function columnsOf({ tasks, hosts }: Told): readonly Column[] {
  const columns = new Map<string, Column>();
  for (const event of tasks) {
    const title = anonymous(event.task, hosts.get(event.host)?.own ?? event.host);
    const key = JSON.stringify([event.role, title]);
    const column = columns.get(key) ?? { role: event.role, title, cells: new Map() };
    columns.set(key, column);
    const before = column.cells.get(event.host);
    if (before === undefined || WEIGHT.indexOf(event.status) < WEIGHT.indexOf(before.status))
      column.cells.set(event.host, event);
  }
  const roles = [...new Set(tasks.map(({ role }) => role))];
  return [...columns.values()].sort((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role));
}
