import { dirname } from 'node:path/posix';
import { ownPaths, pathsOf } from '../../dsl/paths-of.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Task } from '../../dsl/task.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { wordsOf } from './task-shell.ts';

/** A link of the host, and the path without any link that it leads to in the end. */
export interface HostLink {
  readonly path: string;
  readonly to: string;
  /** Who owns a link on this way that leads to what is not theirs: root would work there at their wish. */
  readonly by: string | undefined;
}

/**
 * Shell that prints which of the folders above these paths are links, and where they lead. Where none is one it starts
 * no process.
 */
export function compileLinks(paths: readonly string[]): Sh {
  return sh`for q_path in ${foldersAbove(paths)}; do
  if [ -L "$q_path" ]; then
    printf 'link %s\nreal %s\n' "$q_path" "$(cd -P -- "$q_path" 2>/dev/null && pwd -P)"
    if q_way "$q_path" && q_astray; then echo "by $(id -nu "$q_led" 2>/dev/null || echo "$q_led")"; fi
  fi
done`;
}

/** Tells the world of the links above these paths, and of those that are none any more; `out` was printed of them. */
export function noteLinks(world: World, paths: readonly string[], out: string): void {
  const links = new Map(parseLinks(out).map((link) => [link.path, link]));
  for (const folder of foldersAbove(paths)) {
    const link = links.get(folder);
    if (link === undefined) world.hasNoLink(folder);
    else world.hasLink(folder, link.to, link.by);
  }
}

/** Those that lead to a folder, the upper ones first. */
export function parseLinks(out: string): readonly HostLink[] {
  return [...out.matchAll(/^link (\/.*)\nreal (\/.*)(?:\nby (.+))?$/gm)].map(
    ([, path = '', to = '', by]) => ({ path, to, by }),
  );
}

/**
 * Throws exit code 3 where the way to a path of a task leads, by a link that some user has put there, to what is not
 * that user's: root would write there what the user could not. A task that is carried out as a user may do what that one may;
 * where a command's `creates` comes is the command's business.
 */
export function refuseStrangersLinks(world: World, task: Task): void {
  const { becomeUser = 'root' } = wordsOf(task);
  if (becomeUser !== 'root') return;
  for (const path of task.resource.startsWith('command:') ? ownPaths(task) : pathsOf(task)) {
    const link = world.strangersLink(path);
    if (link === undefined) continue;
    throw new QuorateError(
      `${link.path}, on the way to ${path}, leads to ${link.to} by a link of ${link.by}`,
      {
        exitCode: EXIT.refused,
        hint: `root does not follow a user's link to what is not that user's: remove it, or name the path behind it`,
      },
    );
  }
}

/** Each one once, after those above it. */
function foldersAbove(paths: readonly string[]): readonly string[] {
  const all = new Set<string>();
  const add = (folder: string): void => {
    if (folder === '/' || all.has(folder)) return;
    add(dirname(folder));
    all.add(folder);
  };
  for (const path of paths) add(dirname(path));
  return [...all];
}
