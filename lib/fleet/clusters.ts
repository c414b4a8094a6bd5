import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { withoutEnding } from '../paths.ts';
import { usage } from './flags.ts';
import { expand } from './glob.ts';
import type { Job } from './order.ts';
import { pathInProject } from './project.ts';

/** How clusters are named. */
export const AN_INVENTORY_EACH = "--clusters 'inventories/*.yaml': an inventory each";

/**
 * The jobs that `--clusters` and `--shards` mean: an inventory each, or N parts of each. A pattern that matches
 * nothing, and what lies outside of the project's folder, is an error (1): on another machine it would be elsewhere.
 */
export function clustersOf(patterns: readonly string[], shards = 1, project = process.cwd()): readonly Job[] {
  const files = [...new Set(patterns.flatMap((pattern) => filesOf(pattern, project)))];
  const names = namesOf(files);
  const jobs = files.flatMap((inventory, i) => {
    const cluster = names[i] ?? inventory;
    if (shards === 1) return [{ cluster, inventory }];
    return [...Array(shards).keys()].map((part) => ({
      cluster: `${cluster}-${part + 1}of${shards}`,
      inventory,
      shard: `${part + 1}/${shards}`,
    }));
  });
  // `a.yaml` in two parts, and `a-1of2.yaml`: of two jobs of a name the second would never be begun.
  for (const [name, times] of counted(jobs.map(({ cluster }) => cluster)))
    if (times > 1) throw usage(`${times} jobs would have the name ${name}`, 'rename one of the inventories');
  return jobs;
}

function filesOf(pattern: string, project: string): readonly string[] {
  const found = expand(pattern);
  if (found.length === 0) throw usage(`no inventory matches ${pattern}`, AN_INVENTORY_EACH);
  return found.map((given) => {
    const path = pathInProject(given, resolve(project, given), project);
    if (!existsSync(resolve(project, path))) throw usage(`there is no inventory ${given}`, AN_INVENTORY_EACH);
    return path;
  });
}

/** Names without folder and ending, where that tells them apart; else whole paths. They name jobs: of plain letters. */
function namesOf(files: readonly string[]): readonly string[] {
  const plain = (name: string) => name.replaceAll(/[^\w.@-]/g, '-');
  const short = counted(files.map((file) => plain(basename(withoutEnding(file)))));
  const names = files.map((file) => {
    const name = plain(basename(withoutEnding(file)));
    return short.get(name) === 1 ? name : plain(withoutEnding(file));
  });
  const whole = counted(names);
  return names.map((name, i) => (whole.get(name) === 1 ? name : `${name}-${i + 1}`));
}

function counted(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
