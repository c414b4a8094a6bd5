import { parseArgs } from 'node:util';
import { KINDS, type Kind, pointsOf, type Survival, survive } from './support/cases/killKinds.ts';
import { describeClient } from './support/client.ts';
import { type Lab, startLab } from './support/lab.ts';
import { random, sample } from './support/random.ts';

const USAGE = `npm run test:kill -- [options]

Strikes runs on their way, one run a point: one rerun must converge, the run after must change nothing, no
managed file may ever be half-written, and a client must find every acknowledged write.

  --only KIND     ${KINDS.map(({ name }) => name).join(', ')}; may be repeated (all)
  --points N|all  points of each kind, picked by the seed (all task events, some moments, a few power cuts)
  --at N          this point alone
  --labs N        labs side by side (2)
  --seed N        for the pick and for what else is random (the time)`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      points: { type: 'string' },
      at: { type: 'string' },
      labs: { type: 'string', default: '2' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const started = performance.now();
  const labs = await Promise.all(
    Array.from({ length: Number(values.labs) }, (_, i) => startLab({ name: `killmatrix${i + 1}` })),
  );
  const results: Survival[] = [];
  try {
    for (const kind of KINDS.filter(({ name }) => values.only?.includes(name) ?? true)) {
      const seed = Number(values.seed);
      const points = await choose(kind, labs[0] as Lab, { ...values, seed });
      results.push(...(await strikeAll(kind, labs, points, seed)));
    }
  } finally {
    await Promise.all(labs.map((lab) => lab.stop()));
  }
  const count = (result: Survival['result']) => results.filter((one) => one.result === result).length;
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(
    `${count('ok')} kills survived, ${count('failed')} not, ${count('late')} came after the run had ended and show nothing; ${minutes} min, seed ${values.seed}`,
  );
  if (count('failed') > 0 || count('ok') === 0) process.exitCode = 1;
}

async function choose(
  kind: Kind,
  lab: Lab,
  wish: { readonly points?: string; readonly at?: string; readonly seed: number },
): Promise<readonly number[]> {
  const all = await pointsOf(kind, lab);
  const wanted = wish.points === undefined ? kind.usual : wish.points === 'all' ? all : Number(wish.points);
  const points = Array.from({ length: all }, (_, i) => i + 1);
  const chosen = wish.at ? [Number(wish.at)] : sample(points, wanted, random(wish.seed));
  console.log(`${kind.name}: ${all} points to strike at, ${chosen.length} of them now (seed ${wish.seed})`);
  return chosen;
}

/** Each lab takes the next point as soon as it is done with one. */
async function strikeAll(
  kind: Kind,
  labs: readonly Lab[],
  points: readonly number[],
  seed: number,
): Promise<readonly Survival[]> {
  const waiting = [...points];
  const results: Survival[] = [];
  const work = async (lab: Lab) => {
    for (let point = waiting.shift(); point !== undefined; point = waiting.shift()) {
      const survival = await survive(kind, lab, point, random(seed + point));
      results.push(survival);
      const { result, at, client, problems } = survival;
      const head = `${kind.name} ${String(point).padStart(3)}  ${result.padEnd(6)}  ${at}`;
      console.log([head, ...problems, ...(client ? [describeClient(client)] : [])].join('\n           '));
    }
  };
  await Promise.all(labs.map(work));
  const gap = Math.max(0, ...results.map(({ client }) => client?.writeGapMs ?? 0));
  console.log(`${kind.name}: the longest time without an acknowledged write was ${gap} ms`);
  return results;
}

await main();
