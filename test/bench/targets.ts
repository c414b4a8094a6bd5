import type { Sample } from './measure.ts';
import type { Scenario } from './options.ts';
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

const [NPX, NODE, NODE24] = ['npx tsx', 'node --import tsx', 'node 24, compile cache'];
const WAYS = [NPX, NODE, NODE24];

/** Every figure that these results allow to say something about. */
export function judgeTargets(all: readonly Results[]): readonly Target[] {
  return all.flatMap((results) => JUDGES[results.scenario](results));
}

const JUDGES: Readonly<Record<Scenario, (results: Results) => readonly Target[]>> = {
  'no-change': (results) => [
    ...faster(results, NPX, 'Ansible', 5.5),
    ...faster(results, NPX, 'Mitogen', 3.5),
    ...faster(results, NODE, 'Ansible', 8),
    ...faster(results, NODE, 'Mitogen', 5),
    ...of(results, NODE24, 'bash + OpenSSH').flatMap(([ours, limit]) =>
      target(results, `${NODE24}: times the limit`, wall(ours) / wall(limit), 'at most', 1.6),
    ),
    ...of(results, NODE).flatMap(([ours]) =>
      target(
        results,
        'round trips a host',
        Math.max(...ours.runs.map((run) => run.roundTrips ?? 0)),
        'at most',
        3,
      ),
    ),
  ],
  first: (results) => WAYS.flatMap((way) => aboveStartUp(results, way, 1.4)),
  'no-change-30': (results) =>
    WAYS.flatMap((way) => [
      ...aboveStartUp(results, way, 1.5),
      ...faster(results, way, 'Ansible', 20),
      ...faster(results, way, 'Mitogen', 8),
      ...of(results, way).flatMap(([ours]) => {
        const cpu = (pick(ours.runs, 'cpuMs') - pick(ours.empty, 'cpuMs')) / results.hosts;
        return [
          ...target(results, `${way}: ms CPU a host above start-up`, cpu, 'at most', 15),
          ...target(results, `${way}: MB`, Math.max(...ours.runs.map((run) => run.rssMb)), 'at most', 200),
        ];
      }),
    ]),
};

function faster(results: Results, way: string | undefined, peer: string, limit: number): readonly Target[] {
  return of(results, way, peer).flatMap(([ours, other]) =>
    target(results, `${way}: times as fast as ${peer}`, wall(other) / wall(ours), 'at least', limit),
  );
}

function aboveStartUp(results: Results, way: string | undefined, limit: number): readonly Target[] {
  return of(results, way, 'bash + OpenSSH').flatMap(([ours, script]) => {
    const above = (one: WayResults) => wall(one) - pick(one.empty, 'wallMs');
    const what = `${way}: times the limit, both above start-up`;
    return target(results, what, above(ours) / above(script), 'at most', limit);
  });
}

function target(
  { scenario, hosts }: Results,
  what: string,
  value: number,
  bound: Target['bound'],
  limit: number,
): readonly [Target] {
  const ok = bound === 'at least' ? value >= limit : value <= limit;
  const kind = scenario === 'first' ? 'first run' : 'no change';
  return [{ what: `${kind}, ${hosts} hosts, ${what}`, value, bound, limit, ok }];
}

/** Median time of the job as all peers do it, so without the canary. */
function wall(way: WayResults): number {
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
