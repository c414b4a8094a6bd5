import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Position } from '../../errors.ts';
import { fromHere } from '../../paths.ts';
import { CODE } from '../../root.ts';
import { PerRun } from '../common/per-run.ts';

/** Whether tasks are to know where they were asked for: a stack for each takes its time. */
export const places = new PerRun(() => ({ wanted: false }));

/** Where a user's file comes into the stack of an error; undefined when none does. */
export function positionOf(error: unknown): Position | undefined {
  const theirs = framesOf(error).find(({ file }) => !file.startsWith(CODE));
  return theirs && { ...theirs, file: fromHere(theirs.file) };
}

/** Where a user's file has called into ours. */
export function here(): Position | undefined {
  return positionOf(deepError());
}

/** The file of a user's that called into ours, absolute; undefined where there is none in the stack. */
export function callersFile(): string | undefined {
  return framesOf(deepError()).find(({ file }) => !file.startsWith(CODE))?.file;
}

/** An error with all of its stack: between a task and what finds it wrong there may be more than the usual ten calls. */
function deepError(): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const error = new Error('here');
  Error.stackTraceLimit = limit;
  return error;
}

/** It was thrown by a user's code, and not by ours that it had called. */
export function isTheirs(error: unknown): boolean {
  const [first] = framesOf(error);
  return !(error instanceof Error) || (first !== undefined && !first.file.startsWith(CODE));
}

function framesOf(error: unknown): readonly Position[] {
  if (!(error instanceof Error)) return [];
  return (error.stack ?? '').split('\n').flatMap((line) => {
    const [, place = '', at = '', column = ''] = /^ +at (?:.*\()?(.+?):(\d+):(\d+)\)?$/.exec(line) ?? [];
    if (place === '' || place.startsWith('node:')) return [];
    const file = place.startsWith('file:') ? fileURLToPath(place.replace(/\?.*$/, '')) : place;
    return file.startsWith('/') && !isLibrary(file)
      ? [{ file, line: Number(at), column: Number(column) }]
      : [];
  });
}

/**
 * Whether the file is in an installed library. A package that depends on Quorate brings roles and counts as the user's
 * code; for a library, name its caller.
 */
function isLibrary(file: string): boolean {
  return file.includes('/node_modules/') && !file.startsWith(CODE) && !dependsOnUs(dirname(file));
}

function dependsOnUs(folder: string): boolean {
  const known = dependents.get(folder) ?? readDependents(folder);
  dependents.set(folder, known);
  return known;
}

/** By folder of an installed package: they stay as they are. */
const dependents = new Map<string, boolean>();

function readDependents(folder: string): boolean {
  try {
    const { name, peerDependencies, dependencies } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    // One without a name only says which modules a folder has.
    if (name !== undefined) return 'quorate' in { ...dependencies, ...peerDependencies };
  } catch {
    // That of its package lies above.
  }
  const above = dirname(folder);
  return !folder.endsWith('/node_modules') && above !== folder && dependsOnUs(above);
}
