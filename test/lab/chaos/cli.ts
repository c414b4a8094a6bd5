import { parseArgs } from 'node:util';
import { describeClient } from '../support/client.ts';
import { startLab } from '../support/lab.ts';
import { castOf } from './cast.ts';
import { type Gap, perform } from './perform.ts';
import { type Operation, story } from './story.ts';

const USAGE = `npm run chaos -- [options]

Plays stories on clusters of real hosts under a client: rolls, upgrades and downgrades, members that come, go, move
and are replaced, backups, restores and recoveries, renewals, revocations, rotations of the CA, while runs are killed,
hosts lose power or network, members are parted, disks fill up and certificates end. No acknowledged write may be lost, no run may end with a wrong exit code, and each operation must
come to its end.

  --seed N    the first story's (the time); each story adds one
  --seeds N   how many stories (1)
  --acts N    acts of each (6)
  --labs N    side by side (1)`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      seeds: { type: 'string', default: '1' },
      acts: { type: 'string', default: '6' },
      labs: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const waiting = Array.from({ length: Number(values.seeds) }, (_, i) => Number(values.seed) + i);
  const wrong: number[] = [];
  const gaps: Gap[] = [];
  let played = 0;
  const work = async (i: number) => {
    const lab = await startLab({ name: `chaos${i + 1}`, hosts: 5 });
    try {
      for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
        await lab.reset();
        const lines: string[] = [];
        const acts = story(seed, castOf(lab), Number(values.acts));
        const {
          problems,
          clients,
          gaps: found,
        } = await perform(lab, acts, (line) => lines.push(`  ${line}`));
        played += 1;
        gaps.push(...found);
        if (problems.length > 0) wrong.push(seed);
        const head = `seed ${seed}: ${problems.length > 0 ? 'WRONG' : 'ok'}`;
        const told = [...clients.map(describeClient), ...problems.map((problem) => `WRONG: ${problem}`)];
        console.log([head, ...lines, ...told.map((line) => `  ${line}`)].join('\n'));
      }
    } finally {
      await lab.stop();
    }
  };
  await Promise.all(Array.from({ length: Number(values.labs) }, (_, i) => work(i)));
  console.log(longestOf(gaps).join('\n'));
  console.log(
    `${played} stories, ${wrong.length} of them wrong${wrong.length > 0 ? `: ${wrong.join(', ')}` : ''}`,
  );
  if (wrong.length > 0 || played === 0) process.exitCode = 1;
}

/** `roll: 180 ms, 1900 ms with a member away`: the longest time without an acknowledged write, by operation. */
function longestOf(gaps: readonly Gap[]): readonly string[] {
  const names = [...new Set(gaps.map(({ act }) => act.operation.name))].sort();
  const longest = (name: Operation['name'], whole: boolean) => {
    const of = gaps.filter(
      ({ act }) => act.operation.name === name && SPARES.has(act.trouble.name) === whole,
    );
    return of.length === 0 ? '-' : `${Math.max(...of.map(({ ms }) => ms))} ms`;
  };
  return names.map((name) => `${name}: ${longest(name, true)}, ${longest(name, false)} with a member away`);
}

/** Troubles that befall no member. */
const SPARES: ReadonlySet<Gap['act']['trouble']['name']> = new Set(['none', 'kill', 'term', 'asked', 'full']);

await main();
