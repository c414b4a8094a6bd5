import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(import.meta.url);

/** This is the compiled code of a package; else the source, in a clone. */
const COMPILED = !HERE.endsWith('.ts');

/** The folder of Quorate's `package.json`: nothing is ever written below it. */
export const ROOT = rootAbove(dirname(HERE));

/** All code of ours lies below: what a stack says of it tells a user nothing. */
export const CODE = join(ROOT, COMPILED ? 'dist/' : 'lib/');

/** Where our own playbooks lie. */
export const PLAYBOOKS = join(ROOT, COMPILED ? 'dist/playbooks' : 'playbooks');

/**
 * The folder from which relative paths in a file of the user's begin: its own. For the sample that lies in a package,
 * where nothing is written, the working directory.
 */
export function folderOf(file: string): string {
  const path = resolve(file);
  return path.startsWith(CODE) ? process.cwd() : dirname(path);
}

function rootAbove(folder: string): string {
  const above = dirname(folder);
  return existsSync(join(folder, 'package.json')) || above === folder ? folder : rootAbove(above);
}
