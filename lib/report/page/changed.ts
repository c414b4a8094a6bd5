import { foldScripts, groupTasks, MEANING, type TaskGroup } from '../diff/changes.ts';
import { foldDiffs } from '../diff/diff.ts';
import { foldHosts, nameHosts } from '../hosts.ts';
import { count } from '../text.ts';
import { type Html, html } from './html.ts';
import type { Told } from './told.ts';

/** Different values of one property that are listed; the rest is counted. */
const VALUES = 40;

/** Tasks that differed or were left out, by role; hosts where it came out alike are one, with their diffs folded. */
export async function changed(told: Told): Promise<Html> {
  const check = told.runs.every((run) => run.check);
  const groups = groupTasks(told.tasks.filter(({ status }) => status !== 'ok'));
  const main = groups.filter(({ status }) => status !== 'skipped');
  const skipped = groups.filter(({ status }) => status === 'skipped');
  const title = check ? 'What a run would change' : 'What changed';
  if (main.length === 0 && skipped.length === 0)
    return html`<section id=changes><h2>${title}</h2><p>Nothing: all is as it is wanted.</p></section>`;
  return html`<section id=changes><h2>${title}</h2>
<p class=tools><button type=button data-open=changes>Open all</button></p>
${main.length === 0 ? html`<p>Nothing.</p>` : await byRole(main, told, check)}
${skipped.length === 0 ? undefined : html`<details><summary><h3>Left out: ${count(skipped.length, 'task')}</h3></summary>${await byRole(skipped, told, check)}</details>`}</section>`;
}

async function byRole(groups: readonly TaskGroup[], told: Told, check: boolean): Promise<readonly Html[]> {
  const roles = [...new Set(groups.map(({ role }) => role))];
  return Promise.all(
    roles.map(async (role) => {
      const own = groups.filter((group) => group.role === role);
      return html`<div class=g><h3>${role}</h3>${await Promise.all(own.map((group) => shown(group, told, check)))}</div>`;
    }),
  );
}

async function shown(group: TaskGroup, { hosts }: Told, check: boolean): Promise<Html> {
  const { title, mark, status, events } = group;
  const names = nameHosts(group.hosts, [...hosts.keys()]);
  const what = status === 'failed' ? 'failed' : (MEANING[mark]?.[check ? 0 : 1] ?? status);
  const why = [...new Set(events.flatMap(({ handled, reason }) => handled ?? reason ?? []))].join('; ');
  return html`<details class=f data-s=${status} data-q="${group.hosts.join(' ')}"><summary><span class="k ${status}">${mark}</span><span class=t>${title}</span> <span class=n>${what}${why === '' ? undefined : html` (${why})`} · ${names}</span></summary>
<div class=b>${names !== foldHosts(group.hosts) ? html`<p class=n>${count(group.hosts.length, 'host')}: ${foldHosts(group.hosts)}</p>` : undefined}
${properties(group)}${scripts(group)}${await diffs(group)}</div></details>`;
}

function properties({ details, hosts }: TaskGroup): Html | undefined {
  const values = details.flatMap((detail) => detail.values);
  if (values.length === 0) return undefined;
  const rows = values.slice(0, VALUES).map((value) => {
    const where =
      value.hosts.length === hosts.length ? undefined : html` <span class=n>${foldHosts(value.hosts)}</span>`;
    return html`<li>${value.text}${where}</li>`;
  });
  const more = values.length - rows.length;
  return html`<ul>${rows}${more > 0 ? html`<li class=n>and ${more} more</li>` : undefined}</ul>`;
}

function scripts({ events, hosts }: TaskGroup): readonly Html[] {
  const all = foldScripts(events);
  const some = all.slice(0, VALUES).map(({ script, hosts: own }) => {
    const where = own.length === hosts.length ? undefined : html`<p class=n>on ${foldHosts(own)}:</p>`;
    return html`${where}<pre tabindex=0>${script}</pre>`;
  });
  const rest = all.slice(VALUES);
  if (rest.length === 0) return some;
  const where = foldHosts(rest.flatMap((one) => one.hosts));
  return [...some, html`<p class=n>… and ${count(rest.length, 'more script')} on ${where}</p>`];
}

async function diffs({ events }: TaskGroup): Promise<readonly Html[]> {
  const folded = await foldDiffs(events);
  return folded.map(
    ({ resource, hosts, lines }) =>
      html`<figure><figcaption>${resource} on ${foldHosts(hosts)}</figcaption><pre class=d tabindex=0>${lines.map(diffLine)}</pre></figure>`,
  );
}

function diffLine(line: string): Html {
  const kind = { '+': 'a', '-': 'r', '@': 'h' }[line.charAt(0)];
  return kind === undefined ? html`<span>${line}</span>` : html`<span class=${kind}>${line}</span>`;
}
