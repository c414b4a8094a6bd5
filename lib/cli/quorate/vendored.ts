import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { basename, isAbsolute, join, relative, resolve } from 'node:path';
import { placeOf, readPackage } from './package-json.ts';

/** A copy of the tarball that the project depends on, inside of it. */
export interface Vendored {
  /** Where it lies, from the project's folder: `vendor/quorate-0.1.0.tgz`. */
  readonly file: string;
  /** The dependency on it. */
  readonly dependency: string;
  copy(): void;
}

/** Where the project depends on a tarball outside of its folder, which no fresh clone of it, and so no CI, would have. */
export function vendored(folder: string): Vendored | undefined {
  const path = join(folder, 'package.json');
  if (!existsSync(path)) return undefined;
  const project = readPackage(path);
  const [, given] = /^file:(.*\.t(?:ar\.)?gz)$/.exec(project[placeOf(project)]?.quorate ?? '') ?? [];
  if (given === undefined) return undefined;
  const tarball = resolve(folder, given);
  const inside = relative(folder, tarball);
  if (!existsSync(tarball) || !(inside.startsWith('..') || isAbsolute(inside))) return undefined;
  const file = `vendor/${basename(tarball)}`;
  return {
    file,
    dependency: `file:${file}`,
    copy() {
      mkdirSync(join(folder, 'vendor'), { recursive: true });
      copyFileSync(tarball, join(folder, file));
    },
  };
}
