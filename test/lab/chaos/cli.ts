import { parseArgs } from 'node:util';
import { describeClient } from '../support/client.ts';
import { startLab } from '../support/lab.ts';
import { perform } from './perform.ts';
import { story } from './story.ts';

const USAGE = `npm run chaos -- [options]

Plays stories on clusters of real hosts under a client: rolls, members that come, go, move and are replaced,
backups, renewals, rotations of the CA, while runs are killed, hosts lose power or network, disks fill up and
certificates end. No acknowledged write may be lost, no run may end with a wrong exit code, and each operation must
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
  let played = 0;
  const work = async (i: number) => {
    const lab = await startLab({ name: `chaos${i + 1}`, hosts: 5 });
    try {
      for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
        await lab.reset();
        const lines: string[] = [];
        const acts = story(
          seed,
          lab.hosts.map(({ name }) => name),
          Number(values.acts),
        );
        const { problems, client } = await perform(lab, acts, (line) => lines.push(`  ${line}`));
        played += 1;
        if (problems.length > 0) wrong.push(seed);
        const head = `seed ${seed}: ${problems.length > 0 ? 'WRONG' : 'ok'}, ${describeClient(client)}`;
        console.log([head, ...lines, ...problems.map((problem) => `  WRONG: ${problem}`)].join('\n'));
      }
    } finally {
      await lab.stop();
    }
  };
  await Promise.all(Array.from({ length: Number(values.labs) }, (_, i) => work(i)));
  console.log(
    `${played} stories, ${wrong.length} of them wrong${wrong.length > 0 ? `: ${wrong.join(', ')}` : ''}`,
  );
  if (wrong.length > 0 || played === 0) process.exitCode = 1;
}

await main();
