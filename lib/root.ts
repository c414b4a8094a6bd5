import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(import.meta.url);

/** This is a file of its own, in a clone or compiled as it is; else a part of the files that make a package. */
const APART = /^root\.[jt]s$/.test(basename(HERE));

/** The folder of Quorate's `package.json`: nothing is ever written below it. */
export const ROOT = rootAbove(dirname(HERE));

/** All code of ours lies below: what a stack says of it tells a user nothing. */
export const CODE = APART ? join(dirname(HERE), '/') : join(ROOT, 'dist/');

/** Where our own playbooks lie. */
export const PLAYBOOKS = APART ? join(CODE, '../playbooks') : join(ROOT, 'dist/playbooks');

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
