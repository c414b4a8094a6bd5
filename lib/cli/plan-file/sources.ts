import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Problems } from '../../inventory/checks/problems.ts';
import { filesRead } from '../../inventory/files-read.ts';
import { kindOfFile } from '../../inventory/folders.ts';
import { filesOf } from '../../inventory/sources.ts';
import { fromHere } from '../../paths.ts';
import { VERSION } from '../../version.ts';
import { type CodeFiles, codeFiles } from './code/files.ts';
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
  const problems = new Problems();
  const named = given.flatMap((one) => filesOf(one, problems)).map((file) => fromHere(resolve(file)));
  const there = [...files, ...named].filter((path) => kindOfFile(path) === 'file');
  return new Map(there.map((path) => [path, readFileSync(path, 'latin1')]));
}

/** What the playbook is made of: its file, and all that its code imports or names by path. Packages count by version. */
export function codeOf(playbook: string): SourceCode {
  const { own, files, sent, unknown } = codeFiles(playbook);
  const ours = createHash('sha256');
  for (const file of own) ours.update(readFileSync(file));
  return {
    version: VERSION,
    own: `sha256:${ours.digest('hex')}`,
    files: new Map(files.map((file) => [fromHere(file), readFileSync(file, 'latin1')])),
    sent,
    unknown,
  };
}

export interface SourceCode extends Omit<Code, 'files'>, Pick<CodeFiles, 'sent' | 'unknown'> {
  /** Text of a user's files, by path. */
  readonly files: ReadonlyMap<string, string>;
}
