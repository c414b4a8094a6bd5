import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

/** A playbook of that name lies in the working directory or up to two folders below; where roles and tests lie, none does. */
export function isPlaybookHere(name: string, folder = process.cwd(), depth = 2): boolean {
  const entries = entriesOf(folder);
  const code = entries.filter((one) => !one.isDirectory() && /\.m?[jt]s$/.test(one.name));
  if (code.some((one) => playbookIn(join(folder, one.name)) === name)) return true;
  const below = entries.filter(
    (one) => one.isDirectory() && !/^(\..*|node_modules|roles|tests?)$/.test(one.name),
  );
  return depth > 0 && below.some((one) => isPlaybookHere(name, join(folder, one.name), depth - 1));
}

/** What the playbook in a file is called: as it says in front of its plays, else as the file. Undefined where it has none. */
function playbookIn(file: string): string | undefined {
  const options = /\bplaybook\s*\(\s*import\.meta\b([^[]*)/.exec(textOf(file))?.[1];
  if (options === undefined) return undefined;
  return /\bname\s*:\s*(['"`])(.*?)\1/.exec(options)?.[2] ?? basename(file, extname(file));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** None of a folder that only others may look into. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
