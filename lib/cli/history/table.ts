import type { PastRun } from '../../dsl/states/history-state.ts';
import { nameHosts } from '../../report/hosts.ts';
import { outcomeWord } from '../../report/lines/recap.ts';
import { displayWidth, oneLine, pad } from '../../report/text.ts';

const HEAD = ['WHEN (UTC)', 'RUN', 'WHO', 'OUTCOME', 'CHANGED', 'WHAT'] as const;

/** Runs for a person: a line each, whatever was written into them. */
export function historyTable(runs: readonly PastRun[]): string {
  const rows = [HEAD, ...runs.map(cells)].map((row) => row.map(oneLine));
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => displayWidth(row[i] ?? ''))));
  return rows
    .map((row) =>
      row
        .map((cell, i) => pad(cell, i === row.length - 1 ? 0 : (widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cells(run: PastRun): readonly string[] {
  const { id, began, who, from, command, message, check, outcome, changed } = run;
  const hosts = Object.keys(changed);
  const counts = Object.values(changed).filter((count) => count !== null);
  const tasks = counts.length === 0 ? '' : ` (${counts.reduce((sum, count) => sum + count, 0)})`;
  return [
    began.slice(0, 19).replace('T', ' '),
    id,
    [who ?? '?', ...(from === null ? [] : [from])].join('@'),
    `${outcome === null ? 'no end' : outcomeWord(outcome)}${check ? ', check' : ''}`,
    hosts.length === 0 ? '-' : `${nameHosts(hosts, hosts)}${tasks}`,
    [command ?? '?', ...(message === null ? [] : [message])].join(': '),
  ];
}
