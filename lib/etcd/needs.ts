import { sh } from '../dsl/sh.ts';
import type { Task } from '../dsl/task.ts';
import { assert } from '../resources/assert.ts';

/** A path that another role makes: fails, and names that role, unless it is there or about to be. */
export function needs(path: string, role: string): Task {
  return isThere(path, `run the role ${role} first: -r ${role}`);
}

/** A path that a role relies on; `hint` says how it gets there. */
export function isThere(path: string, hint: string): Task {
  return assert(`${path} is there`, { that: sh`[ -e ${path} ]`, path, message: `${path} is missing`, hint });
}
