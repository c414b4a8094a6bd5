import { parseArgs } from 'node:util';
import { fuzz, KINDS } from './run.ts';

const USAGE = `npm run test:fuzz -- [options]

  --cases N  how many (100000)
  --seed N   which (the time); the same seed gives the same cases
  --only X   the kinds with this in their name, their share of all cases`;

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(USAGE);
else {
  const seed = Number(values.seed);
  console.log(`seed ${seed}`);
  const started = performance.now();
  const kinds = KINDS.filter(({ name }) => name.includes(values.only));
  const said = await fuzz(Number(values.cases), seed, kinds, (kind, tally, seconds) =>
    console.log(
      `${kind.name.padEnd(38)} ${String(tally.literal).padStart(6)} literal ${String(tally.refused).padStart(6)} refused  ${seconds.toFixed(1)} s`,
    ),
  ).catch((error: Error) => error);
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  if (said instanceof Error) {
    console.error(said.message);
    process.exitCode = 1;
  } else {
    const { literal, refused } = said;
    console.log(
      `${literal + refused} cases: ${literal} taken literally, ${refused} refused, none run; ${minutes} min`,
    );
  }
}
