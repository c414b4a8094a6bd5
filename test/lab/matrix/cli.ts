import { parseArgs } from 'node:util';
import { type Lab, startLab } from '../support/lab.ts';
import { random, sample } from '../support/random.ts';
import { DIMENSIONS, type MatrixCase, matrixCases } from './dimensions.ts';
import { mainJob } from './mainJob.ts';
import { hostsNeeded } from './topology.ts';

const USAGE = `npm run test:matrix -- [options]

The whole main job on every kind of host: cases in which every two values of the dimensions meet.

  --cases N|all   how many of them, picked by the seed (all)
  --only TERM     cases with this number, or this value, as in --only 7 or --only suite=trixie; repeatable
  --seed N        for the cases and all that is random in them (the time)
  --list          the cases, and nothing is run`;

/** A case with its number: it stays the same for a seed, whatever else is picked. */
interface Numbered {
  readonly number: number;
  readonly choice: MatrixCase;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: 'all' },
      only: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const seed = Number(values.seed);
  const all = numbered(matrixCases(random(seed))).filter((one) => isWanted(one, values.only));
  if (all.length === 0) throw new Error(`No case is ${values.only.join(' and ')}: --list shows them`);
  const cases = values.cases === 'all' ? all : sample(all, Number(values.cases), random(seed));
  console.log(`${cases.length} cases, seed ${seed}\n${row('#', HEAD)}  result`);
  if (values.list) for (const { number, choice } of cases) console.log(row(number, choice));
  else await runAll(cases, seed);
}

async function runAll(cases: readonly Numbered[], seed: number): Promise<void> {
  const began = performance.now();
  const failed: number[] = [];
  for (const group of byLab(cases)) {
    const lab = await labFor(group);
    try {
      const used = new Set<string>();
      for (const { number, choice } of group) {
        const started = performance.now();
        const problems = await runCase(lab, { number, choice }, seed, used);
        const seconds = ((performance.now() - started) / 1000).toFixed(0);
        console.log(`${row(number, choice)}  ${problems.length === 0 ? 'ok' : 'FAILED'} ${seconds} s`);
        for (const problem of problems.slice(0, 20)) console.log(shown(problem));
        if (problems.length > 0) failed.push(number);
      }
    } finally {
      await lab.stop();
    }
  }
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log(`${cases.length} cases, ${failed.length} failed, ${minutes} min, seed ${seed}`);
  if (failed.length === 0) return;
  process.exitCode = 1;
  const terms = failed.map((number) => `--only ${number}`).join(' ');
  console.log(`again: npm run test:matrix -- --seed ${seed} ${terms}`);
}

/** Runs a case on bare hosts; what a harness or a host fails with counts as a failure of the case. */
async function runCase(
  lab: Lab,
  { number, choice }: Numbered,
  seed: number,
  used: Set<string>,
): Promise<readonly string[]> {
  try {
    const hosts = lab.hosts.slice(0, hostsNeeded(choice)).map(({ name }) => name);
    const stale = hosts.filter((name) => used.has(name));
    if (stale.length > 0) await lab.reset(...stale);
    for (const name of hosts) used.add(name);
    return await mainJob(lab, choice, random(seed * 1000 + number));
  } catch (error) {
    return [`cannot be run: ${(error as Error).stack}`];
  }
}

/** Indented, and cut: what a unit said last may be long. */
function shown(problem: string): string {
  const lines = problem.split('\n').slice(0, 15);
  return lines.map((line) => `      ${line.slice(0, 300)}`).join('\n');
}

/** Hosts of one lab have one root file system and one kind of control groups. */
function labFor(group: readonly Numbered[]): Promise<Lab> {
  const { suite, cgroup } = (group[0] as Numbered).choice;
  const members = Math.max(...group.map(({ choice }) => hostsNeeded(choice)));
  return startLab({ name: 'matrix', suite, cgroup2: cgroup === 'v2', hosts: members + 1 });
}

function byLab(cases: readonly Numbered[]): readonly (readonly Numbered[])[] {
  const groups = new Map<string, Numbered[]>();
  for (const one of cases) {
    const key = `${one.choice.suite} ${one.choice.cgroup}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

function numbered(choices: readonly MatrixCase[]): readonly Numbered[] {
  return choices.map((choice, i) => ({ number: i + 1, choice }));
}

function isWanted({ number, choice }: Numbered, terms: readonly string[]): boolean {
  const values = Object.entries(choice).map(([name, value]) => `${name}=${value}`);
  const numbers = terms.filter((term) => /^\d+$/.test(term));
  return (
    (numbers.length === 0 || numbers.includes(String(number))) &&
    terms.every((term) => numbers.includes(term) || values.includes(term))
  );
}

const HEAD = Object.fromEntries(Object.keys(DIMENSIONS).map((name) => [name, name]));

function row(number: number | string, choice: Readonly<Record<string, string>>): string {
  const cells = Object.entries(DIMENSIONS).map(([name, values]) =>
    (choice[name] ?? '').padEnd(Math.max(name.length, ...values.map(({ length }) => length))),
  );
  return [String(number).padStart(3), ...cells].join('  ');
}

await main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
