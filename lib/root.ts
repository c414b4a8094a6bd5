import { existsSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(import.meta.url);

/** This is a file of its own, in a clone or compiled as it is; else a part of the files that make a package. */
const APART = /^root\.[jt]s$/.test(basename(HERE));

/** The folder of Quorate's `package.json`: nothing is ever written below it. */
export const ROOT = rootAbove(dirname(HERE));

/** All code of ours lies below: what a stack says of it tells a user nothing. */
export const CODE = APART ? join(dirname(HERE), '/') : join(ROOT, 'dist/');

/** Our own code that lies beside that, with a slash after each. */
export const CODE_BESIDE = APART
  ? ['playbooks', 'roles', 'package'].map((name) => join(CODE, '..', name, '/'))
  : [];

/** Where our own playbooks lie. */
export const PLAYBOOKS = APART ? join(CODE, '../playbooks') : join(ROOT, 'dist/playbooks');

/** How the names of our own files end: as written, or compiled. */
export const ENDING = extname(HERE);

/**
 * The folder from which relative paths in a file of the user's begin, and where `.quorate` lies: its own. For the sample
 * in a package, where nothing is written, and for what lies nowhere, the working directory.
 */
export function folderOf(file: string): string {
  const path = resolve(file);
  return path.startsWith(CODE) || isStream(path) ? process.cwd() : dirname(path);
}

/** A pipe or a device, as of `-i <(generate)` and `-i /dev/stdin`: it has no folder and no name. */
export function isStream(file: string): boolean {
  const path = resolve(file);
  const known = streams.get(path) ?? looksLikeStream(path);
  streams.set(path, known);
  return known;
}

/** By path: it is asked for each host, and an inventory stays what it is. */
const streams = new Map<string, boolean>();

function looksLikeStream(path: string): boolean {
  if (/^\/(?:dev\/(?:fd\/|std(?:in|out|err)$)|proc\/)/.test(path)) return true;
  try {
    const found = statSync(path);
    return !found.isFile() && !found.isDirectory();
  } catch {
    // What cannot be looked at is told of by whoever reads it.
    return false;
  }
}

function rootAbove(folder: string): string {
  const above = dirname(folder);
  return existsSync(join(folder, 'package.json')) || above === folder ? folder : rootAbove(above);
}
