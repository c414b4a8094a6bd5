import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A file of that name, with an ending of code, lies in the working directory or up to two folders below. */
export function isPlaybookHere(name: string, folder = process.cwd(), depth = 2): boolean {
  const entries = entriesOf(folder);
  if (['.ts', '.js', '.mts', '.mjs'].some((end) => entries.some((one) => one.name === name + end)))
    return true;
  const below = entries.filter((one) => one.isDirectory() && !/^\.|^node_modules$/.test(one.name));
  return depth > 0 && below.some((one) => isPlaybookHere(name, join(folder, one.name), depth - 1));
}

/** None of a folder that only others may look into. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
