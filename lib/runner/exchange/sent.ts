import { runId } from '../../dsl/common/run-id.ts';
import { sha256 } from '../../dsl/path.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Prepared, Task, Transfer } from '../../dsl/task.ts';
import { userState } from '../../dsl/world/user-state.ts';
import type { Fragment } from './script.ts';
import { wordsOf } from './task-shell.ts';

interface Sending {
  readonly planned: { readonly task: Pick<Task, 'words'> };
  readonly prepared: Prepared;
}

/**
 * Files that are sent ahead wait in a folder of ours, and go to their targets when the turn of their task comes: by then
 * earlier tasks have made the folder, or mounted what it lies on. Gives them with the paths where they wait.
 */
export function waiting(transfers: readonly Transfer[], stateDir: string): readonly Transfer[] {
  return transfers.map(({ source, target }) => ({ source, target: placeOf(target, stateDir) }));
}

/** Shell that removes what other runs have left waiting. */
export function forgetOthers(): Sh {
  return sh`for q_path in "$q_state/incoming"/*; do
  case $q_path in */${runId()}) ;; *) rm -rf -- "$q_path" ;; esac
done`;
}

/** Runs before an apply: a task that acts as another user gets its files, and a folder for records. */
export function handOver({ planned, prepared }: Sending, stateDir: string): readonly Fragment[] {
  const { becomeUser } = wordsOf(planned.task);
  if (becomeUser === undefined) return [];
  const waits = waiting(prepared.transfers ?? [], stateDir).map(({ target }) => dirOf(target));
  const records = userState(stateDir, becomeUser);
  const shell = sh`mkdir -p -- ${records} && chown -- ${becomeUser} ${records}
for q_path in ${waits}; do chown -R -- ${becomeUser} "$q_path"; done`;
  // Where there is no such user, the apply says so.
  return [{ id: 'handed', critical: false, sh: shell }];
}

/** Begins an apply, as its user: shell that brings files to their targets. */
export function takeSent({ prepared: { transfers = [] } }: Sending, stateDir: string): readonly Sh[] {
  return transfers.map(({ target }) => sh`q_take ${placeOf(target, stateDir)} ${target} || exit`);
}

/** Runs after an apply: removes the folders that its files waited in. */
export function clearSent({ prepared }: Sending, stateDir: string): readonly Fragment[] {
  const waited = waiting(prepared.transfers ?? [], stateDir).map(({ target }) => dirOf(target));
  if (waited.length === 0) return [];
  const all = `${stateDir}/incoming`;
  const shell = sh`rm -rf -- ${waited}; rmdir -- ${`${all}/${runId()}`} ${all} 2>/dev/null || :`;
  return [{ id: 'cleared', critical: false, sh: shell }];
}

/** A folder for each file, so that it can be given to the user who takes it out. */
function placeOf(target: string, stateDir: string): string {
  return `${stateDir}/incoming/${runId()}/${sha256(target).slice(0, 16)}/file`;
}

function dirOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
