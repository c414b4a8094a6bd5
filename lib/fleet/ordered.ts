import { availableParallelism, hostname } from 'node:os';
import type { Options } from '../cli/flags/options.ts';
import { runId } from '../dsl/common/run-id.ts';
import { readDuration } from '../duration.ts';
import { projectName } from '../project-name.ts';
import { whoami } from '../whoami.ts';
import { AN_INVENTORY_EACH } from './clusters.ts';
import { usage, wholeNumber } from './flags.ts';
import { playbookNamed } from './line.ts';
import type { Order } from './order.ts';
import { parseErrors, parseWaves } from './waves.ts';
import { checkWords } from './words.ts';

/** What a command line orders, but for the clusters; throws exit code 1 for what a fleet cannot do. */
export function orderOf(options: Options): Order {
  const { words, inFront = words.length, own, check, yes, message } = options;
  const [, name] = words.slice(0, inFront);
  if (name === undefined)
    throw usage('no playbook is named', "fleet run site --clusters 'inventories/*.yaml'");
  const given = words.slice(inFront);
  checkWords(given, own.shards !== undefined, message);
  const project = projectName();
  return {
    run: runId(),
    playbook: playbookNamed(name),
    name,
    words: given,
    check,
    yes,
    ...(message !== undefined && { message }),
    waves: parseWaves(textOf(own.waves) ?? '100%'),
    errors: parseErrors(textOf(own.errors) ?? (check ? '100%' : '0')),
    attempts: wholeNumber(options, 'attempts', 3, 100),
    backoff: time(own.backoff, 'backoff', '10s'),
    patience: time(own.patience, 'patience', '2m'),
    ...(project !== undefined && { project }),
    who: whoami(),
    from: hostname(),
  };
}

/** Patterns of the inventories: those of `--clusters`, and the words after the playbook, where a shell has expanded one. */
export function patternsOf({ words, inFront = words.length, ownLists = {} }: Options): readonly string[] {
  const { clusters = [] } = ownLists;
  if (clusters.length === 0) throw usage('no clusters are named', AN_INVENTORY_EACH);
  return [...clusters, ...words.slice(2, inFront)];
}

/** Jobs at once on this machine. */
export function concurrencyOf(options: Options): number {
  return wholeNumber(options, 'concurrency', availableParallelism(), 1000);
}

/** Milliseconds of a flag. */
export function time(value: Options['own'][string], flag: string, preset: string): number {
  const ms = readDuration(textOf(value) ?? preset);
  if (ms !== undefined) return ms;
  throw usage(`--${flag} takes a time, as in 30s or 5m, not ${JSON.stringify(value)}`);
}

export function textOf(value: Options['own'][string]): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function outputOf({ output }: Options): 'pretty' | 'plain' | 'json' {
  return output ?? (process.stdout.isTTY ? 'pretty' : 'plain');
}
