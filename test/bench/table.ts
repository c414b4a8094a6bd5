import type { Sample } from './measure.ts';
import type { Results } from './scenarios.ts';
import { median } from './stats.ts';
import type { Target } from './targets.ts';

/** Medians, with the least and the most, of one scenario. */
export function renderResults({ scenario, hosts, ways }: Results): string {
  const kind = scenario === 'first' ? 'first run, without the canary' : 'no change';
  const head = [
    `${kind}, ${hosts} hosts`,
    'seconds',
    'start-up s',
    'control CPU ms',
    'ms a host above',
    'MB',
    'round trips',
  ];
  const rows = ways.map(({ title, runs, empty, failures }) => {
    const cpu = median(runs.map((run) => run.cpuMs));
    const above = (cpu - median(empty.map((run) => run.cpuMs))) / hosts;
    const trips = runs.flatMap(({ roundTrips }) => roundTrips ?? []);
    return [
      failures.length > 0 ? `${title} (${failures.length} repeated)` : title,
      seconds(runs),
      seconds(empty),
      cpu.toFixed(0),
      above.toFixed(1),
      Math.max(...runs.map((run) => run.rssMb)).toFixed(0),
      trips.length > 0 ? String(Math.max(...trips)) : '-',
    ];
  });
  return align([head, ...rows]);
}

/** Each figure to hold, and whether it is held. */
export function renderTargets(targets: readonly Target[]): string {
  return align(
    targets.map(({ what, value, bound, limit, ok }) => [
      ok ? 'ok' : 'MISS',
      what,
      value.toFixed(value < 10 ? 2 : 1),
      `${bound} ${limit}`,
    ]),
  );
}

function seconds(samples: readonly Sample[]): string {
  const values = samples.map(({ wallMs, extraMs = 0 }) => (wallMs - extraMs) / 1000);
  const text = (value: number) => value.toFixed(2);
  return `${text(median(values))} (${text(Math.min(...values))}–${text(Math.max(...values))})`;
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
