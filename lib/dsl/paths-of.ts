import type { Reading, Task } from './task.ts';

/** Paths that a task wants to be there, or says something about: no other task may take them away. */
export function wantedPaths({ owns, files = [], provides }: Task): readonly string[] {
  return pathsIn([...owns, ...files, ...(provides?.() ?? [])]);
}

/** Paths at which a task changes something itself: what it brings besides may lie on what is yet to be mounted. */
export function ownPaths({ owns, files = [], empties = [] }: Task): readonly string[] {
  return pathsIn([...owns, ...files, ...empties]);
}

/** Paths that a task is about, also those at which it wants nothing. */
export function pathsOf(task: Task): readonly string[] {
  return [...wantedPaths(task), ...pathsIn(task.empties ?? [])];
}

/** Paths that a task wants to be there, and that only the host could tell. */
export function foundPaths({ provides }: Task, reading: Reading): readonly string[] {
  try {
    return provides?.(reading) ?? [];
  } catch {
    // What is wrong with a reading its diff says.
    return [];
  }
}

function pathsIn(names: readonly string[]): readonly string[] {
  return names.filter((name) => name.startsWith('/'));
}
