import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RUNS } from '../paths.ts';
import { folderOf } from '../root.ts';

/**
 * Where runs on these inventories leave their records: `.quorate/runs` beside the first one, or in it where it is a
 * folder; for a list of hosts, in the working directory.
 */
export function runsFolder(inventories: readonly string[]): string {
  const [first = ''] = inventories;
  const isList = first.includes(',');
  const isFolder = statSync(first, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const home = isList ? process.cwd() : isFolder ? resolve(first) : folderOf(first);
  return join(home, '.quorate', RUNS);
}
