import { displayWidth, oneLine, pad } from '../../report/text.ts';
import type { RunRow, ScheduleRow } from '../events.ts';

/** Runs, and who is there to carry them out. */
export function runLines(rows: readonly RunRow[], workers: readonly string[]): readonly string[] {
  const cells = rows.map(({ run, began, who, from, state, exitCode, clusters, playbook, check }) => [
    run,
    began.slice(0, 19).replace('T', ' '),
    `${who}@${from}`,
    exitCode === null ? state : `${state} (${exitCode})`,
    Object.entries(clusters)
      .map(([status, number]) => `${number} ${status}`)
      .join(', '),
    `${playbook}${check ? ' (check)' : ''}`,
  ]);
  return [
    ...(rows.length === 0
      ? ['no runs']
      : table(['RUN', 'BEGAN (UTC)', 'WHO', 'STATE', 'CLUSTERS', 'WHAT'], cells)),
    '',
    workers.length === 0 ? 'no worker is there' : `workers: ${[...workers].sort().join(', ')}`,
  ];
}

export function scheduleLines(rows: readonly ScheduleRow[]): readonly string[] {
  const cells = rows.map(({ name, cron, tz, next, playbook, check, clusters }) => [
    name,
    cron,
    tz,
    (next ?? 'never').slice(0, 19).replace('T', ' '),
    `${playbook}${check ? ' (check)' : ''} on ${clusters.join(' ')}`,
  ]);
  return rows.length === 0 ? ['no schedules'] : table(['NAME', 'CRON', 'ZONE', 'NEXT (UTC)', 'WHAT'], cells);
}

function table(head: readonly string[], cells: readonly (readonly string[])[]): readonly string[] {
  const rows = [head, ...cells].map((row) => row.map(oneLine));
  const widths = head.map((_, i) => Math.max(...rows.map((row) => displayWidth(row[i] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, i) => pad(cell, widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
