import { stepText } from '../lines/steps.ts';
import type { Recorded } from '../record/recorder.ts';
import { count } from '../text.ts';
import { type Html, html } from './html.ts';
import type { Told } from './told.ts';

/** Lines of what commands print that a page takes in. */
const LINES = 4000;

type Of<Kind extends Recorded['event']> = Extract<Recorded, { event: Kind }>;

function of<Kind extends Recorded['event']>({ events }: Told, kind: Kind): readonly Of<Kind>[] {
  return events.filter((event): event is Of<Kind> => event.event === kind);
}

/** The steps of a verb on a living cluster: what was done in the end of each. */
export function steps(told: Told): Html | undefined {
  const last = new Map(
    of(told, 'step').map((step) => [JSON.stringify([step.runId, step.host, step.title]), step]),
  );
  if (last.size === 0) return undefined;
  const kinds = { planned: 'unknown', begun: 'unknown', done: 'changed', failed: 'failed' } as const;
  const rows = [...last.values()].map(
    (step) =>
      html`<li class=f data-s=${kinds[step.status]}><span class="k ${kinds[step.status]}">${step.status}</span> ${stepText(step)}</li>`,
  );
  return html`<section id=steps><h2>Steps</h2><ol>${rows}</ol></section>`;
}

/** Clusters as they were found. */
export function clusters(told: Told): readonly Html[] {
  return of(told, 'cluster').map(({ cluster, healthy, members, problems = [] }) => {
    const rows = members.map(
      ({ host, name, role, health, version, dbSizeBytes, certificateDays }) =>
        html`<tr class=f><th scope=row>${host}</th><td>${name}</td><td>${role ?? ''}</td><td class=${health === 'healthy' ? 'ok' : 'failed'}>${health}</td><td>${version ?? ''}</td><td>${dbSizeBytes === null || dbSizeBytes === undefined ? '' : sizeOf(dbSizeBytes)}</td><td>${certificateDays ?? ''}</td></tr>`,
    );
    const head = ['host', 'member', 'role', 'health', 'version', 'data', 'certificate, days'].map(
      (name) => html`<th scope=col>${name}</th>`,
    );
    return html`<section><h2>Cluster ${cluster}: <span class=${healthy ? 'ok' : 'failed'}>${healthy ? 'healthy' : 'not healthy'}</span></h2>
${problems.map((problem) => html`<p class=failed>${problem}</p>`)}<div class=w tabindex=0 role=region aria-label="Members of ${cluster}"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div></section>`;
  });
}

function sizeOf(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Certificates as they were found. */
export function certificates(told: Told): readonly Html[] {
  return of(told, 'certificates').map(({ cluster, certificates: all }) => {
    const rows = all.map(
      ({ host, path, kind, subject, until, days }) =>
        html`<tr class=f><th scope=row>${host}</th><td>${path}</td><td>${kind}</td><td>${subject}</td><td>${until}</td><td class=${days < 0 ? 'failed' : 'ok'}>${days}</td></tr>`,
    );
    const head = ['host', 'file', 'kind', 'subject', 'until', 'days'].map(
      (name) => html`<th scope=col>${name}</th>`,
    );
    return html`<section><h2>Certificates of ${cluster}</h2><div class=w tabindex=0 role=region aria-label="Certificates of ${cluster}"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div></section>`;
  });
}

/** What roles have made, and none declares any more. */
export function leftOver(told: Told): Html | undefined {
  const all = of(told, 'left-over');
  if (all.length === 0) return undefined;
  const rows = all.map(
    ({ host, role, kind, name, from, stays }) =>
      html`<li class=f data-s=leftOver>${host}: ${kind} ${name} <span class=n>made by ${role}${from === undefined ? '' : ` from ${from}`}${stays === undefined ? '' : `; stays: ${stays}`}</span></li>`,
  );
  return html`<section id=left><h2>Left over</h2><ul>${rows}</ul></section>`;
}

/** Warnings and notices. */
export function said(told: Told): Html | undefined {
  const all = of(told, 'log').filter(({ level }) => level === 'warning' || level === 'info');
  if (all.length === 0) return undefined;
  const rows = all.map(
    ({ level, host, message }) =>
      html`<li class="f ${level}">${level === 'warning' ? html`<b>warning:</b> ` : undefined}${host === undefined ? '' : `${host}: `}${message}</li>`,
  );
  return html`<section id=log><h2>Notices</h2><ul class=pre>${rows}</ul></section>`;
}

/** What commands have printed, by task and host. */
export function output(told: Told): Html | undefined {
  const byTask = new Map<string, { host: string; task: string; lines: string[] }>();
  const all = of(told, 'output');
  for (const { host, task, line } of all.slice(0, LINES)) {
    const key = JSON.stringify([task, host]);
    const one = byTask.get(key) ?? { host, task, lines: [] };
    one.lines.push(line);
    byTask.set(key, one);
  }
  if (byTask.size === 0) return undefined;
  const more =
    all.length > LINES ? html`<p class=n>and ${count(all.length - LINES, 'more line')}</p>` : undefined;
  const parts = [...byTask.values()].map(
    ({ host, task, lines }) =>
      html`<details class=f><summary><b>${host}</b> <span class=t>${task}</span> <span class=n>${count(lines.length, 'line')}</span></summary><pre tabindex=0>${lines.join('\n')}</pre></details>`,
  );
  return html`<section id=output><h2>What commands printed</h2>${parts}${more}</section>`;
}
