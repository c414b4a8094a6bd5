import type { Sample } from './measure.ts';
import type { Results, WayResults } from './scenarios.ts';
import { median } from './stats.ts';
import { above, BASH, cpuAHost, type Target, wall } from './targets.ts';

/** Medians, with the least and the most, of one scenario. */
export function renderResults({ scenario: { job, kind: which, hosts }, ways }: Results): string {
  const kind = `${job}, ${which === 'first' ? 'first run, without canary' : 'no change'}`;
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

/** The same as ratios, which travel to other machines, in Markdown: what goes into the docs. */
export function renderMarkdown(
  all: readonly Results[],
  about: Readonly<Record<string, string | number>>,
): string {
  return [
    `\`npm run bench\`, medians of ${about.runs} runs, all side by side on ${about.cores} cores (${about.cpu}, Node ${about.node} and ${about.node24}, ansible-core ${about['ansible-core']}, Mitogen ${about.mitogen}, pyinfra ${about.pyinfra}, ${about.openssh}), at commit ${about.commit} of ${String(about.started).slice(0, 10)}.`,
    ...all.map(renderRatios),
  ].join('\n\n');
}

function renderRatios(results: Results): string {
  const { job, kind, hosts } = results.scenario;
  const ours = results.ways.filter(({ peer, runs }) => peer === 'ours' && runs.length > 0);
  const row = (title: string, cell: (one: WayResults) => number, digits?: number) =>
    `| ${[title, ...ours.map((one) => short(cell(one), digits))].join(' | ')} |`;
  const peers = results.ways.filter(({ peer, runs }) => peer !== 'ours' && runs.length > 0);
  const compared = peers.flatMap((other) => {
    const took = `(${(wall(other) / 1000).toFixed(2)} s)`;
    if (other.peer !== 'limit')
      return [row(`times as fast as ${other.title} ${took}`, (one) => wall(other) / wall(one))];
    return [
      row(`time against ${other.title} ${took}`, (one) => wall(one) / wall(other)),
      ...(other.title === BASH
        ? [row('the same, both above start-up', (one) => above(one) / above(other))]
        : []),
    ];
  });
  const limit = peers.find(({ title }) => title === BASH);
  const bash = limit === undefined ? '' : ` (bash: ${cpuAHost(limit, results).toFixed(0)})`;
  return [
    `| ${job}, ${kind === 'first' ? 'first run' : 'no change'}, ${hosts} hosts | ${ours.map(({ title }) => title).join(' | ')} |`,
    `|---|${ours.map(() => '---|').join('')}`,
    row('seconds', (one) => wall(one) / 1000, 2),
    ...compared,
    row(`CPU of control above start-up, ms a host${bash}`, (one) => cpuAHost(one, results), 0),
    row('memory of control, MB', (one) => Math.max(...one.runs.map(({ rssMb }) => rssMb)), 0),
  ].join('\n');
}

function short(value: number, digits = value < 10 ? 2 : value < 20 ? 1 : 0): string {
  return value.toFixed(digits);
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
