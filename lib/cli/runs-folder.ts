import { statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { RUNS } from '../paths.ts';
import { folderOf, isStream } from '../root.ts';

/**
 * Where runs on these inventories leave their records: in `.quorate/runs/NAME` beside the first one, so that each keeps
 * as many as it may, however many lie in its folder; in `.quorate/runs` of an inventory that is a folder, and, for a
 * list of hosts or a pipe, of the working directory.
 *
 * @example
 * runsFolder(['inventories/prod.yaml']) // …/inventories/.quorate/runs/prod.yaml
 */
export function runsFolder(inventories: readonly string[]): string {
  const [first = ''] = inventories;
  if (first.includes(',') || isStream(first)) return join(process.cwd(), '.quorate', RUNS);
  const isFolder = statSync(first, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (isFolder) return join(resolve(first), '.quorate', RUNS);
  return join(folderOf(first), '.quorate', RUNS, basename(first));
}
