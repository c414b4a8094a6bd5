import { readdirSync, statSync } from 'node:fs';
import type { Problems } from './checks/problems.ts';

/** What a path leads to; `nothing` for what is not there and for a link in a circle, `other` for pipes and devices. */
export type KindOfFile = 'file' | 'directory' | 'other' | 'nothing';

export function kindOfFile(path: string): KindOfFile {
  try {
    const found = statSync(path);
    if (found.isDirectory()) return 'directory';
    return found.isFile() ? 'file' : 'other';
  } catch {
    return 'nothing';
  }
}

/** The names in a folder; undefined for one that cannot be read, and the problem is noted. */
export function namesIn(folder: string, problems: Problems): readonly string[] | undefined {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    problems.add(`cannot read the folder ${folder}: ${code}`, undefined, FIX[code]);
    return undefined;
  }
}

const FIX: Readonly<Record<string, string>> = {
  EACCES: 'read and search it (r and x) must be allowed to who runs this',
};
