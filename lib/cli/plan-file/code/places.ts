import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { kindOfFile } from '../../../inventory/folders.ts';

/** Endings that an import may leave out, whoever loads it. */
const LEFT_OUT = ['ts', 'tsx', 'mts', 'cts', 'js', 'jsx', 'mjs', 'cjs', 'json', 'node', 'wasm'];

/** A relative or absolute path as such, and as the URL that it is to Node: without `?query`, `%20` a blank. */
export function placesOf(name: string, folder: string): readonly string[] {
  const path = name.startsWith('file:') ? [] : [resolve(folder, name)];
  try {
    return [...new Set([...path, fileURLToPath(new URL(name, pathToFileURL(join(folder, '/'))))])];
  } catch {
    return path;
  }
}

/** The file at a path, and what stands in for it: `x.ts` for `x.js` and `x`, and `x/index.ts`. */
export function filesAt(path: string): readonly string[] {
  const typed = /^(.*\.[cm]?)js(x?)$/.exec(path);
  const beside = typed === null ? [] : [`${typed[1]}ts`, `${typed[1]}tsx`];
  const longer = ['', '/index'].flatMap((more) => LEFT_OUT.map((ending) => `${path}${more}.${ending}`));
  return [path, ...beside, ...longer].filter((one) => kindOfFile(one) === 'file');
}
