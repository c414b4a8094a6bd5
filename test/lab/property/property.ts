import { parseArgs } from 'node:util';
import { type Lab, startLab } from '../support/lab.ts';
import { type Case, caseOf, describeCase, smaller } from './cases.ts';
import { tryCase, type Verdict } from './prove.ts';
import type { Settings } from './settings.ts';

const USAGE = `npm run test:property -- [options]

Random start states, random settings: what a check predicts as certain is what the run changes, and the next
check is empty.

  --cases N     how many (100)
  --seed N      the first one's; each case adds one (the time)
  --case JSON   this case, as a failure printed it; may be repeated
  --hosts N     of each lab (3)
  --labs N      labs side by side (2)
  --shrink      look for a smaller case that fails, too`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '100' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      case: { type: 'string', multiple: true, default: [] },
      hosts: { type: 'string', default: '3' },
      labs: { type: 'string', default: '2' },
      shrink: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const started = performance.now();
  const given = values.case.map((text) => JSON.parse(text) as Case);
  const count = given.length > 0 ? given.length : Number(values.cases);
  const waiting = Array.from({ length: count }, (_, i) => ({
    seed: Number(values.seed) + i,
    given: given[i],
  }));
  const labs = await Promise.all(
    Array.from({ length: given.length > 0 ? 1 : Number(values.labs) }, (_, i) =>
      startLab({ name: `property${i + 1}`, hosts: Number(values.hosts) }),
    ),
  );
  const verdicts: Verdict[] = [];
  try {
    await Promise.all(labs.map((lab) => work(lab, waiting, values.shrink, verdicts)));
  } finally {
    await Promise.all(labs.map((lab) => lab.stop()));
  }
  const ended = (how: Verdict['how']) => verdicts.filter((one) => one.how === how).length;
  const failed = verdicts.filter(({ problems }) => problems.length > 0).length;
  const changes = verdicts.reduce((sum, one) => sum + one.changes, 0);
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(
    `${verdicts.length} cases with ${changes} changes, ${failed} of them wrong: ${ended('ran')} ran, ${ended('partly')} left hosts out, ${ended('refused')} were refused alike, ${ended('gate')} stopped at the gate; ${minutes} min, seed ${values.seed}`,
  );
  if (failed > 0 || ended('ran') === 0) process.exitCode = 1;
}

/** Each lab takes the next case as soon as it is done with one. */
async function work(
  lab: Lab,
  waiting: { readonly seed: number; readonly given: Case | undefined }[],
  shrinks: boolean,
  verdicts: Verdict[],
): Promise<void> {
  let current: Settings | undefined;
  const hosts = lab.hosts.map(({ name }) => name);
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { seed, given } = next;
    const one = given ?? caseOf(seed, hosts, current);
    const verdict = await tryCase(lab, one, current);
    current = verdict.current;
    verdicts.push(verdict);
    const { how, changes, problems } = verdict;
    console.log(`${seed}  ${problems.length > 0 ? 'WRONG' : how}, ${changes} changes: ${describeCase(one)}`);
    if (problems.length === 0) continue;
    current = undefined;
    console.log(problems.map((problem) => `    ${problem}`).join('\n'));
    console.log(
      `    repeat: npm run test:property -- --case '${JSON.stringify(one).replaceAll("'", "'\\''")}'`,
    );
    if (shrinks) {
      const least = await shrink(lab, one);
      console.log(
        `    smallest: ${describeCase(least)}\n    --case '${JSON.stringify(least).replaceAll("'", "'\\''")}'`,
      );
    }
  }
}

/** Leaves out what the failure does not need, one thing at a time. */
async function shrink(lab: Lab, one: Case): Promise<Case> {
  for (const candidate of smaller(one)) {
    const { problems } = await tryCase(lab, candidate, undefined);
    if (problems.length > 0) return shrink(lab, candidate);
  }
  return one;
}

await main();
