import { dirname } from 'node:path/posix';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { World } from '../../dsl/world/world.ts';

/** A link of the host, and the path without any link that it leads to in the end. */
export interface HostLink {
  readonly path: string;
  readonly to: string;
}

/**
 * Shell that prints which of the folders above these paths are links, and where they lead. Where none is one it starts
 * no process.
 */
export function compileLinks(paths: readonly string[]): Sh {
  return sh`for q_path in ${foldersAbove(paths)}; do
  if [ -L "$q_path" ]; then printf 'link %s\nreal %s\n' "$q_path" "$(cd -P -- "$q_path" 2>/dev/null && pwd -P)"; fi
done`;
}

/** Tells the world of the links above these paths, and of those that are none any more; `out` was printed of them. */
export function noteLinks(world: World, paths: readonly string[], out: string): void {
  const links = new Map(parseLinks(out).map(({ path, to }) => [path, to]));
  for (const folder of foldersAbove(paths)) {
    const to = links.get(folder);
    if (to === undefined) world.hasNoLink(folder);
    else world.hasLink(folder, to);
  }
}

/** Those that lead to a folder, the upper ones first. */
export function parseLinks(out: string): readonly HostLink[] {
  return [...out.matchAll(/^link (\/.*)\nreal (\/.*)$/gm)].map(([, path = '', to = '']) => ({ path, to }));
}

/** Each one once, behind those above it. */
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
