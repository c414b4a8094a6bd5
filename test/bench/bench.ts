import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { labUnavailable } from '../lab/support/lab.ts';
import { fetchNode } from '../lab/support/nodes.ts';
import { cacheDir } from '../lab/support/paths.ts';
import { ansibleWays } from './ansible.ts';
import { limitWays } from './limit.ts';
import { type BenchOptions, type Job, parseBench, USAGE } from './options.ts';
import { ourWays } from './ours.ts';
import { installPackage } from './packaged.ts';
import type { Way } from './peer.ts';
import { pyinfraWay } from './pyinfra.ts';
import { type Results, runScenario } from './scenarios.ts';
import { compareSides } from './side-by-side.ts';
import { renderMarkdown, renderResults, renderTargets } from './table.ts';
import { judgeTargets } from './targets.ts';
import { installTools, machine } from './tools.ts';

await main();

/** Measures this project and its peers side by side. */
async function main(): Promise<void> {
  let options: BenchOptions | 'help';
  try {
    options = parseBench(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 1;
    return;
  }
  if (options === 'help') return console.log(USAGE);
  const unavailable = labUnavailable();
  if (unavailable !== undefined) throw new Error(`No bench without the lab: ${unavailable}`);
  await bench(options);
}

async function bench(options: BenchOptions): Promise<void> {
  const started = new Date().toISOString();
  const log = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
  await installTools(log);
  await fetchNode(24);
  if (options.sideBySide) console.log(`\n${await compareSides(log)}\n`);
  if (options.scenarios.length === 0) return;
  if (options.peers.includes('ours')) await installPackage(log);
  const about = { ...(await machine()), started, runs: options.runs, loadBefore: loadavg()[0]!.toFixed(2) };
  const results: Results[] = [];
  const file = options.json ?? join(cacheDir(), 'bench', `${started.replaceAll(':', '')}.json`);
  mkdirSync(dirname(file), { recursive: true });
  // The labs are taken down before it ends.
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  for (const scenario of options.scenarios) {
    if (stop.signal.aborted) break;
    const ways = waysOf(scenario.job).filter(({ peer }) => options.peers.includes(peer));
    results.push(await runScenario(scenario, ways, options.runs, log, stop.signal));
    const targets = judgeTargets(results);
    writeFileSync(file, `${JSON.stringify({ machine: about, results, targets }, null, 2)}\n`);
    console.log(`\n${renderResults(results.at(-1)!)}`);
  }
  console.log(`\n${renderMarkdown(results, about)}\n\n${renderTargets(judgeTargets(results))}\n`);
  for (const [name, value] of Object.entries(about)) console.log(`${name.padEnd(11)} ${value}`);
  console.log(`results     ${file}`);
}

function waysOf(job: Job): readonly Way[] {
  return [...ourWays(job), ...ansibleWays(job), ...(job === 'plain' ? [pyinfraWay] : []), ...limitWays(job)];
}
