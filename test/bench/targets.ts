import type { Sample } from './measure.ts';
import type { Results, WayResults } from './scenarios.ts';
import { median } from './stats.ts';

/** A figure to hold. */
export interface Target {
  readonly what: string;
  readonly value: number;
  readonly bound: 'at least' | 'at most';
  readonly limit: number;
  readonly ok: boolean;
}

const [NPX, NODE, NODE24, COMPILED] = [
  'npx tsx',
  'node --import tsx',
  'node 24, compile cache',
  'compiled, node 24',
];
const WAYS = [NPX, NODE, NODE24, COMPILED];
export const BASH = 'bash + OpenSSH';
const SSH2 = 'ssh2, node 24';

/** Every figure that these results allow to say something about. */
export function judgeTargets(all: readonly Results[]): readonly Target[] {
  return all.flatMap((results) => judge(results));
}

function judge(results: Results): readonly Target[] {
  const { job, kind, hosts } = results.scenario;
  if (job === 'plain') return kind === 'no-change' ? plain(results) : [];
  if (kind === 'first') return WAYS.flatMap((way) => aboveStartUp(results, way, 1.4));
  return hosts === 3 ? oneCluster(results) : manyClusters(results);
}

/** What was measured in November 2026 is held; with few hosts the start counts most. */
function plain(results: Results): readonly Target[] {
  return [
    ...faster(results, COMPILED, 'Ansible', 49),
    ...faster(results, COMPILED, 'pyinfra', 5.9),
    ...against(results, COMPILED, BASH, results.scenario.hosts <= 10 ? 1.5 : 0.68),
  ];
}

function oneCluster(results: Results): readonly Target[] {
  return [
    ...faster(results, NPX, 'Ansible', 5.5),
    ...faster(results, NPX, 'Mitogen', 3.5),
    ...faster(results, NODE, 'Ansible', 8),
    ...faster(results, NODE, 'Mitogen', 5),
    ...against(results, NODE24, BASH, 1.6),
    ...against(results, COMPILED, SSH2, 1.25),
    ...of(results, NODE).flatMap(([ours]) =>
      target(
        results,
        'round trips a host',
        Math.max(...ours.runs.map((run) => run.roundTrips ?? 0)),
        'at most',
        3,
      ),
    ),
  ];
}

function manyClusters(results: Results): readonly Target[] {
  return WAYS.flatMap((way) => [
    ...aboveStartUp(results, way, 1.5),
    ...faster(results, way, 'Ansible', 20),
    ...faster(results, way, 'Mitogen', 8),
    ...of(results, way).flatMap(([ours]) => [
      ...target(results, `${way}: ms CPU a host above start-up`, cpuAHost(ours, results), 'at most', 15),
      ...target(results, `${way}: MB`, Math.max(...ours.runs.map((run) => run.rssMb)), 'at most', 200),
    ]),
  ]);
}

/** Milliseconds of control a host, above those of a start. */
export function cpuAHost(way: WayResults, { scenario }: Results): number {
  return (pick(way.runs, 'cpuMs') - pick(way.empty, 'cpuMs')) / scenario.hosts;
}

function against(results: Results, way: string, limit: string, most: number): readonly Target[] {
  return of(results, way, limit).flatMap(([ours, other]) =>
    target(results, `${way}: times ${limit}`, wall(ours) / wall(other), 'at most', most),
  );
}

function faster(results: Results, way: string | undefined, peer: string, limit: number): readonly Target[] {
  return of(results, way, peer).flatMap(([ours, other]) =>
    target(results, `${way}: times as fast as ${peer}`, wall(other) / wall(ours), 'at least', limit),
  );
}

function aboveStartUp(results: Results, way: string | undefined, limit: number): readonly Target[] {
  return of(results, way, BASH).flatMap(([ours, script]) => {
    const what = `${way}: times the limit, both above start-up`;
    return target(results, what, above(ours) / above(script), 'at most', limit);
  });
}

/** Milliseconds of the job without those of a start. */
export function above(way: WayResults): number {
  return wall(way) - pick(way.empty, 'wallMs');
}

function target(
  { scenario: { job, kind, hosts } }: Results,
  what: string,
  value: number,
  bound: Target['bound'],
  limit: number,
): readonly [Target] {
  const ok = bound === 'at least' ? value >= limit : value <= limit;
  const run = kind === 'first' ? 'first run' : 'no change';
  return [{ what: `${job}, ${run}, ${hosts} hosts, ${what}`, value, bound, limit, ok }];
}

/** Median time of the job as all peers do it, so without the canary. */
export function wall(way: WayResults): number {
  return median(way.runs.map(({ wallMs, extraMs = 0 }) => wallMs - extraMs));
}

function pick(samples: readonly Sample[], figure: 'wallMs' | 'cpuMs'): number {
  return median(samples.map((sample) => sample[figure]));
}

/** The results of ways, as one entry if they are all there. */
function of<const Titles extends readonly (string | undefined)[]>(
  { ways }: Results,
  ...titles: Titles
): readonly { [Index in keyof Titles]: WayResults }[] {
  const found = titles.map((title) => ways.find((way) => way.title === title));
  return found.includes(undefined) ? [] : [found as { [Index in keyof Titles]: WayResults }];
}
