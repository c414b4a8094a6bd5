import type { HostRecap } from '../../runner/events.ts';
import { type Html, html } from './html.ts';
import { Lanes } from './lanes.ts';
import type { Told } from './told.ts';

const COLUMNS = [
  'failed',
  'unreachable',
  'changed',
  'unknown',
  'skipped',
  'ok',
  'ignored',
  'rescued',
  'leftOver',
] as const;

type Column = (typeof COLUMNS)[number];

/** Where a column's name is not a class of its own. */
const CLASSES: Partial<Record<Column, string>> = {
  unreachable: 'failed',
  leftOver: 'changed',
  ignored: 'changed',
  rescued: 'changed',
};

/** From this many hosts on, the table scrolls in itself. */
const MANY = 40;

/** A row a host, those that failed first: its counts, as far as any host has some, and what it did when. */
export function hostTable(told: Told): Html {
  const lanes = new Lanes(told);
  const counts = countsOf(told);
  const columns = COLUMNS.filter((name) => [...counts.values()].some((one) => (one[name] ?? 0) > 0));
  const failed = (host: string) => (counts.get(host)?.failed ?? 0) + (counts.get(host)?.unreachable ?? 0) > 0;
  const hosts = [...told.hosts.keys()];
  const rows = [...hosts.filter(failed), ...hosts.filter((host) => !failed(host))].map((host) => {
    const own = counts.get(host);
    const has = columns.filter((name) => (own?.[name] ?? 0) > 0);
    const cells = columns.map((name) => {
      const number = own?.[name] ?? 0;
      return number === 0
        ? html`<td class=zero>0</td>`
        : html`<td class=${CLASSES[name] ?? name}>${number}</td>`;
    });
    return html`<tr class=f data-s="${has.join(' ')}"><th scope=row>${host}</th>${cells}<td class=lane>${lanes.of(host)}</td></tr>\n`;
  });
  return html`<section id=hosts><h2>Hosts</h2><div class="w${hosts.length > MANY ? ' tall' : ''}" tabindex=0 role=region aria-label="Hosts and their timelines"><table data-keep>
<thead><tr><th scope=col>host</th>${columns.map((name) => html`<th scope=col>${NAMES[name] ?? name}</th>`)}<th scope=col class=lane>${lanes.scale}</th></tr></thead>
<tbody>${rows}</tbody></table></div>
<p class=legend>${LEGEND.map(([kind, word]) => html`<span class="k ${kind}">▮</span> <span>${word}</span>`)}</p></section>`;
}

const LEGEND = [
  ['wait', 'connects and reads'],
  ['ok', 'as wanted'],
  ['changed', 'changed'],
  ['failed', 'failed'],
  ['unknown', 'unknown'],
] as const;

const NAMES: Partial<Record<Column, string>> = { leftOver: 'left over' };

/** From the recap; where a run has none, from what was told. */
function countsOf({ events, tasks, runs }: Told): ReadonlyMap<string, Partial<HostRecap>> {
  const counts = new Map<string, Partial<HostRecap>>();
  for (const event of events)
    if (event.event === 'recap') for (const [host, own] of Object.entries(event.hosts)) counts.set(host, own);
  if (runs.every(({ recap }) => recap !== undefined)) return counts;
  const own = new Map<string, Record<string, number>>();
  for (const { host, status } of tasks) {
    const one = own.get(host) ?? {};
    one[status] = (one[status] ?? 0) + 1;
    own.set(host, one);
  }
  return new Map([...own, ...counts]);
}
