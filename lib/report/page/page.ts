import { createHash } from 'node:crypto';
import type { RecordedRun } from '../record/read-runs.ts';
import { count, duration } from '../text.ts';
import { changed } from './changed.ts';
import { facts } from './facts.ts';
import { failures } from './failures.ts';
import { hostTable } from './host-table.ts';
import { Html, html } from './html.ts';
import { matrix } from './matrix.ts';
import { certificates, clusters, leftOver, output, said, steps } from './others.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import { type Told, type ToldRun, tell } from './told.ts';

/**
 * Runs as one page that needs nothing else: no network, no other file. Only the page's own script runs in it, by its
 * digest, whatever hosts have said.
 */
export async function page(runs: readonly RecordedRun[]): Promise<string> {
  const told = tell(runs);
  const { title, good } = headline(told);
  const policy = `default-src 'none'; style-src '${digest(STYLE)}'; script-src '${digest(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang=en><head><meta charset=utf-8><meta http-equiv=Content-Security-Policy content="${policy}">
<meta name=viewport content="width=device-width,initial-scale=1"><title>${title}</title>${element('style', STYLE)}</head>
<body class=${good ? 'good' : 'bad'}><a class=skip href=#main>To the report</a>
${head(told)}
${bar(told)}
<main id=main><p id=none hidden aria-live=polite>Nothing here matches.</p>
${failures(told)}${runTable(told)}${steps(told)}${await changed(told)}${hostTable(told)}${facts(told)}${matrix(told)}${leftOver(told)}${clusters(told)}${certificates(told)}${said(told)}${output(told)}
</main><footer>Made by Quorate from the events of ${count(told.runs.length, 'run')}.</footer>
${element('script', SCRIPT)}</body></html>
`.text;
}

/** Put together here: bundlers rewrite a template that has the end of a script in it. */
function element(name: 'script' | 'style', text: string): Html {
  return new Html(`<${name}>${text}</${name}>`);
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function headline({ runs, hosts }: Told): {
  readonly title: string;
  readonly lead: string;
  readonly rest: string;
  readonly good: boolean;
} {
  const good = runs.every((run) => run.good);
  const [run, ...more] = runs;
  const mark = good ? '✔' : '✗';
  if (run === undefined || more.length > 0) {
    const bad = runs.filter((one) => !one.good).length;
    const lead =
      bad === 0 ? `${count(runs.length, 'run')}, all done` : `${bad} of ${count(runs.length, 'run')} failed`;
    return { title: lead, lead: `${mark} ${lead}`, rest: count(hosts.size, 'host'), good };
  }
  const [first = '', ...rest] = run.verdict.split(' — ');
  return { title: `${nameOf(run)}: ${first}`, lead: `${mark} ${first}`, rest: rest.join(' — '), good };
}

function nameOf({ start, check }: ToldRun): string {
  return `${start?.playbook ?? 'run'}${check ? ' --check' : ''}`;
}

function head(told: Told): Html {
  const { lead, rest, good } = headline(told);
  const [run, ...more] = told.runs;
  const kind =
    run && more.length === 0 ? `${nameOf(run)}${run.check ? ', nothing was changed' : ''}` : 'several runs';
  return html`<header class=${good ? 'good' : 'bad'}><p class=kind>Quorate · ${kind}</p><h1>${lead}</h1>${rest === '' ? undefined : html`<p class=verdict>${rest}</p>`}
${run && more.length === 0 ? about(run) : undefined}</header>`;
}

function about(run: ToldRun): Html {
  const { start, id, begun, recap, ended } = run;
  const by =
    start?.who === undefined
      ? undefined
      : `${start.who}${start.from === undefined ? '' : ` from ${start.from}`}`;
  const all: readonly (readonly [string, string | undefined, boolean?])[] = [
    ['when', `${stamp(begun)}, ${duration(recap?.elapsedMs ?? ended - begun)}`],
    ['who', by],
    ['why', start?.message],
    ['command', start?.command && `${start.command}${start.check ? ' --check' : ''}`, true],
    ['inventory', start?.inventory.join(', '), true],
    ['run', id, true],
  ];
  return html`<dl>${all.map(([name, value, code]) => (value === undefined ? undefined : html`<dt>${name}</dt><dd${code ? html` class=c` : undefined}>${value}</dd>`))}</dl>`;
}

/** `2026-11-27 13:04:05 UTC`. */
function stamp(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function bar({ tasks, runs }: Told): Html {
  const recaps = runs.flatMap(({ recap }) => Object.values(recap?.hosts ?? {}));
  const number = (status: string) => tasks.filter((task) => task.status === status).length;
  const lost = recaps.reduce((sum, { unreachable }) => sum + unreachable, 0);
  const chips = [
    ...(['failed', 'changed', 'unknown', 'skipped'] as const).map(
      (status) => [status, number(status)] as const,
    ),
    ['unreachable', lost] as const,
  ].filter(([, n]) => n > 0);
  return html`<nav aria-label="Search and filter"><div><input id=find type=search placeholder="Search hosts, tasks, files, messages" aria-label="Search hosts, tasks, files and messages">${chips.map(([status, n]) => html`<button type=button aria-pressed=false data-chip=${status}>${n} ${status}</button>`)}</div></nav>`;
}

/** For several runs: which they were. */
function runTable({ runs }: Told): Html | undefined {
  if (runs.length < 2) return undefined;
  const rows = runs.map((run) => {
    const { id, begun, good, verdict, start } = run;
    return html`<tr class=f data-s="${good ? 'ok' : 'failed'}"><th scope=row>${id}</th><td>${stamp(begun)}</td><td>${start?.who ?? ''}</td><td>${start?.command ?? nameOf(run)}</td><td class=${good ? 'ok' : 'failed'}>${verdict}</td></tr>`;
  });
  const names = ['run', 'when', 'who', 'what', 'outcome'].map((name) => html`<th scope=col>${name}</th>`);
  return html`<section id=runs><h2>Runs</h2><div class=w tabindex=0 role=region aria-label=Runs><table><thead><tr>${names}</tr></thead><tbody>${rows}</tbody></table></div></section>`;
}
