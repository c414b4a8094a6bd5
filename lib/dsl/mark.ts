import { dirname } from 'node:path/posix';
import { type Sh, sh } from './shell/sh.ts';
import type { Change, Mark } from './task.ts';
import { Slot } from './world/things.ts';
import { UNKNOWN, type World } from './world/world.ts';

/** The state of what is not there. */
export const GONE = 'gone';

const MARKS = new Slot<{ readonly state: string }>({ state: UNKNOWN });

/** The content of what is at a path, through links: for `marks` of a resource that decides a part of a file. */
export function contentMark(path: string): Mark {
  return {
    name: path,
    beside: dirname(path),
    look: sh`if [ -f ${path} ]; then echo "$(q_sha256 ${path} 2>/dev/null || echo unreadable) $(stat -L -c %Y -- ${path})"
${orGone(path)}`,
  };
}

/** Shell that ends an `if`: what else is at a path; of nothing there the time is that of the folder. */
export function orGone(path: string | Sh): Sh {
  return sh`elif [ -e ${path} ] || [ -L ${path} ]; then echo there
else q_up=$(q_above ${path}); echo "gone $(stat -c %Y -- "\${q_up#* }" 2>/dev/null)"; fi`;
}

/** A mark that is unknown after any change of its task. */
export function unknownAfter(mark: Mark): Mark {
  return { ...mark, after: (changes) => (changes.length > 0 ? UNKNOWN : undefined) };
}

/** Say in the world what holds of marks after these changes. */
export function foreseeMarks(marks: readonly Mark[], changes: readonly Change[], world: World): void {
  if (changes.length === 0) return;
  for (const { name, after } of marks) {
    const state = after?.(changes);
    if (state !== undefined) world.slot(MARKS, name).willBe({ state });
    // What is at the path tells it, whatever an earlier task has said.
    else if (after === undefined) world.slot(MARKS, name).willBeAbsent();
  }
}

/** What earlier tasks make of a mark: `UNKNOWN` where only the run can know; undefined: none touches it. */
export function foreseenMark(name: string, world: World): string | undefined {
  const { state } = world.slot(MARKS, name);
  if (state?.state !== undefined || !name.startsWith('/')) return state?.state;
  const path = world.path(name).state;
  return path === null ? GONE : path?.sha256;
}
