import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { kindOfFile } from '../../../inventory/folders.ts';
import { fromHere } from '../../../paths.ts';
import { CODE, CODE_BESIDE } from '../../../root.ts';
import { importsIn, lineAt, namedIn } from './named.ts';
import { Manifests } from './package-map.ts';
import { placesOf } from './places.ts';
import { filesMeant, isPlace } from './resolve.ts';

/** The files that a playbook is made of. Paths are absolute. */
export interface CodeFiles {
  /** Code of Quorate's own. */
  readonly own: readonly string[];
  /** A user's code, and files that it imports or names by a relative path. */
  readonly files: readonly string[];
  /** Files and folders that it sends. What tasks make of them is digested with the tasks. */
  readonly sent: readonly string[];
  /** Imports whose files nobody can tell before they run: `site.ts:3 imports './gone.ts', which is not there`. */
  readonly unknown: readonly string[];
}

/** A larger file that no import names is data. In bytes. */
const LARGE = 16 * 1024 * 1024;

/** Follows a playbook's imports, and all files that its code names by a relative path. Runs nothing. */
export function codeFiles(playbook: string): CodeFiles {
  const found = new Set(existsSync(playbook) ? [playbook] : []);
  const sent = new Set<string>();
  const unknown: string[] = [];
  const manifests = new Manifests();
  for (const file of found) {
    if (!/\.[cm]?[jt]sx?$/.test(file)) continue;
    const text = readFileSync(file, 'utf8');
    if (isOwn(file)) for (const one of ownImports(file, text)) found.add(one);
    else follow(file, text, { found, sent, unknown, manifests });
  }
  const files = [...found].sort();
  return {
    own: files.filter(isOwn),
    files: files.filter((file) => !isOwn(file)),
    sent: [...sent].sort(),
    unknown,
  };
}

function isOwn(file: string): boolean {
  return [CODE, ...CODE_BESIDE].some((folder) => file.startsWith(folder));
}

/** Our own imports name their file as it is. Packages come with our version. */
function ownImports(file: string, text: string): readonly string[] {
  return importsIn(text)
    .filter(({ name }) => name.startsWith('.'))
    .map(({ name }) => resolve(dirname(file), name))
    .filter((path) => /\.[jt]s$/.test(path) && existsSync(path));
}

function follow(
  file: string,
  text: string,
  {
    manifests,
    ...into
  }: {
    readonly found: Set<string>;
    readonly sent: Set<string>;
    readonly unknown: string[];
    readonly manifests: Manifests;
  },
): void {
  const { imports, paths, sources, computed } = namedIn(text);
  const say = (index: number, what: string) =>
    into.unknown.push(`${fromHere(file)}:${lineAt(text, index)} imports ${what}`);
  for (const { name, index, isType, isComment } of imports) {
    const isOurs = isPlace(name) || name.startsWith('#');
    const meant = isType && !isOurs ? [] : filesMeant(name, file, manifests);
    for (const one of meant) into.found.add(one);
    if (isOurs && meant.length === 0 && !isType && !isComment) say(index, `'${name}', which is not there`);
  }
  for (const index of computed) say(index, 'what is known only as it runs');
  const beside = (name: string) =>
    placesOf(name, dirname(realpathSync(file))).filter((path) => existsSync(path));
  for (const name of paths) {
    const there = name.startsWith('#') ? filesMeant(name, file, manifests) : beside(name);
    for (const one of there) (isData(one) ? into.sent : into.found).add(one);
  }
  for (const one of sources.flatMap(beside)) into.sent.add(one);
}

function isData(path: string): boolean {
  return kindOfFile(path) !== 'file' || statSync(path).size > LARGE;
}
