import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Problems } from '../../inventory/checks/problems.ts';
import { filesRead } from '../../inventory/files-read.ts';
import { filesOf } from '../../inventory/sources.ts';
import { fromHere } from '../../paths.ts';
import { CODE, PLAYBOOKS } from '../../root.ts';
import { VERSION } from '../../version.ts';
import type { Code } from './format.ts';

/** Text of the files that the inventory was read from, by path. Files of `-e` are given again, and not among them. */
export function inventoryFiles(extraVars: readonly string[]): ReadonlyMap<string, string> {
  const given = extraVars.filter((one) => one.startsWith('@')).map((one) => resolve(one.slice(1)));
  const files = [...filesRead()].map(([file, bytes]) => [resolve(file), bytes.toString('latin1')] as const);
  const kept = files.filter(([file]) => !given.includes(file)).sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(kept.map(([file, text]) => [fromHere(file), text]));
}

/** Text of these files as they are now, by path, and of those that `given`, the values of `-i`, are read from. Runs nothing. */
export function sourcesNow(files: readonly string[], given: readonly string[]): ReadonlyMap<string, string> {
  const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  const problems = new Problems();
  const named = given.flatMap((one) => filesOf(one, problems)).map((file) => fromHere(resolve(file)));
  const there = [...files, ...named].filter(isFile);
  return new Map(there.map((path) => [path, readFileSync(path, 'latin1')]));
}

/** What the playbook is made of: its file, and all that it imports by path. Packages count by their version. */
export function codeOf(playbook: string): SourceCode {
  const ours = createHash('sha256');
  const files = new Map<string, string>();
  for (const file of [...importedBy(playbook)].sort()) {
    const text = readFileSync(file, 'latin1');
    if (isOwn(file)) ours.update(text);
    else files.set(fromHere(file), text);
  }
  return { version: VERSION, own: `sha256:${ours.digest('hex')}`, files };
}

export interface SourceCode extends Omit<Code, 'files'> {
  /** Text of a user's files, by path. */
  readonly files: ReadonlyMap<string, string>;
}

function isOwn(file: string): boolean {
  return (
    file.startsWith(CODE) || file.startsWith(resolve(PLAYBOOKS, '..', 'roles')) || file.startsWith(PLAYBOOKS)
  );
}

function importedBy(first: string): ReadonlySet<string> {
  const found = new Set(existsSync(first) ? [first] : []);
  for (const file of found) {
    const imports = readFileSync(file, 'utf8').matchAll(
      /(?:\bfrom|\bimport)\s*\(?\s*['"](\.{1,2}\/[^'"\n]+)['"]/g,
    );
    for (const [, target = ''] of imports) {
      const path = resolve(dirname(file), target);
      const there = [path, path.replace(/\.js$/, '.ts'), `${path}.ts`].find(
        (one) => /\.[cm]?[jt]s$/.test(one) && existsSync(one),
      );
      if (there !== undefined) found.add(there);
    }
  }
  return found;
}
