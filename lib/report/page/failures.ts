import { foldErrors } from '../lines/errors.ts';
import { type Html, html } from './html.ts';
import type { Told } from './told.ts';

/** Lines of what a failed task has printed that are shown. */
const LAST = 60;

/** What went wrong, hosts with the same error together, with what the task printed. */
export function failures({ errors, events }: Told): Html | undefined {
  if (errors.length === 0) return undefined;
  return html`<section id=failures><h2>What went wrong</h2>
${foldErrors(errors).map((lines) => article(lines))}
${printed(errors, events)}</section>`;
}

function article(lines: readonly string[]): Html {
  const body = lines.map((line) => {
    const [, label = '', rest = line] = /^(error| {2}hint| {2}task| {2}at): (.*)$/s.exec(line) ?? [];
    if (label === 'error') return html`<h3>${rest}</h3>`;
    if (label === '') return html`<p class=pre>${line}</p>`;
    return html`<p class=hint><b>${label.trim()}</b> ${rest}</p>`;
  });
  return html`<article class="f bad" data-s="failed unreachable">${body}</article>`;
}

function printed(errors: Told['errors'], events: Told['events']): readonly Html[] {
  const keys = errors.flatMap(({ host, task }) =>
    host === undefined || task === undefined ? [] : [[host, task] as const],
  );
  return keys.flatMap(([host, task]) => {
    const lines = events.flatMap((event) =>
      event.event === 'output' && event.host === host && event.task === task ? [event.line] : [],
    );
    if (lines.length === 0) return [];
    const some = lines.slice(-LAST);
    const cut = some.length < lines.length ? ` (the last ${LAST} lines of ${lines.length})` : '';
    return [
      html`<details class=f data-s=failed><summary>${host}: what it printed: ${task}${cut}</summary><pre tabindex=0>${some.join('\n')}</pre></details>`,
    ];
  });
}
