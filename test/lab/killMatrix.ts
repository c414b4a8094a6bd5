import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { interrupt } from './interrupt.ts';
import { type Lab, startLab } from './lab.ts';
import { runPlaybook } from './playbook.ts';
import { random, sample } from './random.ts';
import { filesNow, partial, type Sighting, watchFiles } from './watch.ts';

const USAGE = `npm run test:kill -- [options]

  --points N|all     kill points of each kind, picked by the seed (all)
  --only first|roll  first runs, or rolling changes of a setting, alone
  --seed N           for the pick (the time)`;

/** Kills runs after every task event, one run a point: one rerun must converge, and no file may ever be half. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      points: { type: 'string', default: 'all' },
      only: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const started = performance.now();
  const lab = await startLab({ name: 'killmatrix' });
  const pick = random(Number(values.seed));
  const kinds = [FIRST, ROLL].filter(({ kind }) => values.only === undefined || values.only === kind);
  let failed = 0;
  let done = 0;
  try {
    for (const kind of kinds) {
      const all = await kind.events(lab);
      const points = Array.from({ length: all }, (_, i) => i + 1);
      const chosen = values.points === 'all' ? points : sample(points, Number(values.points), pick);
      console.log(
        `${kind.kind}: ${all} task events, ${chosen.length} of them are kill points (seed ${values.seed})`,
      );
      for (const point of chosen) {
        const problems = await kind.kill(lab, point);
        done += 1;
        if (problems.result !== 'ok') failed += 1;
        console.log(`${kind.kind} ${String(point).padStart(3)}  ${problems.result}  ${problems.at}`);
      }
    }
  } finally {
    await lab.stop();
  }
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(`${done} kills, ${failed} of them not survived, ${minutes} min, seed ${values.seed}`);
  if (failed > 0) process.exitCode = 1;
}

interface Kind {
  readonly kind: 'first' | 'roll';
  /** How many task events a run of this kind emits; leaves the lab ready for `kill`. */
  events(lab: Lab): Promise<number>;
  kill(lab: Lab, point: number): Promise<{ readonly result: string; readonly at: string }>;
}

const everything = () => true;
let setting = 10_000;

const FIRST: Kind = {
  kind: 'first',
  async events(lab) {
    await bare(lab);
    return (await interrupt(lab, 0, 'SIGKILL', { counts: everything })).seen;
  },
  async kill(lab, point) {
    await bare(lab);
    return survive(lab, point, [], []);
  },
};

const ROLL: Kind = {
  kind: 'roll',
  async events(lab) {
    await runPlaybook(lab);
    return (await interrupt(lab, 0, 'SIGKILL', { counts: everything, args: another() })).seen;
  },
  async kill(lab, point) {
    const before = await filesNow(lab);
    return survive(lab, point, another(), before);
  },
};

async function survive(lab: Lab, point: number, args: readonly string[], before: readonly Sighting[]) {
  const stop = await watchFiles(lab);
  const { code, at = 'the run was over before' } = await interrupt(lab, point, 'SIGKILL', {
    counts: everything,
    args,
  });
  // The hosts finish or end what was under way: two seconds after the connection is gone.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const seen = await stop();
  const rerun = await runPlaybook(lab, args);
  const again = await runPlaybook(lab, args);
  const half = partial(seen, before, await filesNow(lab));
  const problems = [
    ...(code === null || point === 0 ? [] : [`was not killed (exit ${code})`]),
    ...(rerun.code === 0 ? [] : [`rerun: ${rerun.code} ${rerun.errors[0]?.message ?? ''}`]),
    ...(again.code === 0 && again.changed.length === 0
      ? []
      : [`the run after: ${again.code}, ${again.changed.length} changed`]),
    ...(half.length > 0 ? [`half-written: ${half.join(', ')}`] : []),
  ];
  return { result: problems.length > 0 ? `FAILED ${problems.join('; ')}` : 'ok', at };
}

async function bare(lab: Lab): Promise<void> {
  await lab.reset();
  await rm(join(lab.stateDir, '.quorate'), { recursive: true, force: true });
}

/** A value that etcd_settings never had before. */
function another(): readonly string[] {
  setting += 1;
  return ['-e', JSON.stringify({ etcd_settings: { 'snapshot-count': setting } })];
}

await main();
