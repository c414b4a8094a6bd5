import { measureEmpty, measureJob, type Sample } from './measure.ts';
import type { Scenario } from './options.ts';
import type { Way } from './peer.ts';
import { type Stage, startStage, stopStage } from './stage.ts';

/** What a scenario gave for every way. */
export interface Results {
  readonly scenario: Scenario;
  readonly ways: readonly WayResults[];
}

export interface WayResults {
  readonly title: string;
  readonly peer: string;
  readonly runs: readonly Sample[];
  /** Runs that do nothing. */
  readonly empty: readonly Sample[];
  /** What went wrong in runs that had to be repeated. */
  readonly failures: readonly string[];
}

type Log = (line: string) => void;

/**
 * Runs everything in rounds, so that a drift of the machine meets all alike. Every peer has a lab of its own
 * that stands still while others are measured. When `stop` is aborted, what there is so far is the result.
 */
export async function runScenario(
  scenario: Scenario,
  all: readonly Way[],
  runs: number,
  log: Log,
  stop: AbortSignal,
): Promise<Results> {
  const { job, kind, hosts } = scenario;
  const name = `${job} ${kind}`;
  const ways = all.filter(({ only = kind }) => only === kind);
  const stages = new Map<string, Stage>();
  try {
    for (const lab of new Set(ways.map((way) => way.lab))) {
      log(`${name}: lab of ${lab}, ${hosts} hosts`);
      const stage = await startStage(job, lab, hosts);
      stages.set(lab, stage);
      if (kind !== 'first')
        await bringUp(
          ways.filter((way) => way.lab === lab),
          stage,
          log,
        );
      stage.freeze();
    }
    const results = ways.map((way) => ({
      title: way.title,
      peer: way.peer,
      runs: [] as Sample[],
      empty: [] as Sample[],
      failures: [] as string[],
    }));
    for (let round = 1; round <= runs; round++) {
      for (const [index, way] of ways.entries()) {
        const { runs: samples, empty, failures } = results[index]!;
        const stage = stages.get(way.lab)!;
        await stage.thaw();
        empty.push(await measureEmpty(way, stage));
        const sample = await twice(failures, log, async () => {
          if (kind === 'first') await stage.reset();
          return measureJob(way, stage, kind === 'first' ? 'changes' : 'no changes');
        });
        stage.freeze();
        if (stop.aborted) return { scenario, ways: results };
        if (sample === undefined) continue;
        samples.push(sample);
        log(
          `${name} ${hosts} ${round}/${runs} ${way.title}: ${((sample.wallMs - (sample.extraMs ?? 0)) / 1000).toFixed(2)} s`,
        );
      }
    }
    return { scenario, ways: results };
  } finally {
    for (const stage of stages.values()) await stopStage(stage);
  }
}

/** The hosts come up, the quickest way first; then every way once, which also fills caches. */
async function bringUp(ways: readonly Way[], stage: Stage, log: Log): Promise<void> {
  const [first, ...rest] = ways.filter(({ only }) => only === undefined).toReversed();
  if (first === undefined) return;
  log(`bringing up ${stage.lab.name} with ${first.title}`);
  await measureJob(first, stage, 'changes');
  for (const way of [first, ...rest, ...ways.filter(({ only }) => only !== undefined)])
    await measureJob(way, stage, 'no changes');
}

/** A run that fails is told and repeated once: an election after a thaw is not what is measured. */
async function twice<T>(failures: string[], log: Log, act: () => Promise<T>): Promise<T | undefined> {
  for (let attempt = 1; attempt <= 2; attempt++) {
    try {
      return await act();
    } catch (error) {
      failures.push((error as Error).message);
      log(`failed: ${(error as Error).message}`);
    }
  }
  return undefined;
}
