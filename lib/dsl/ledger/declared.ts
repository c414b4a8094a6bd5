import { dirname } from 'node:path/posix';
import { wantedPaths } from '../paths-of.ts';
import type { Task } from '../task.ts';
import type { Made } from '../trace/trace.ts';
import { World } from '../world/world.ts';
import { isPathKind, keyOf } from './made.ts';

/**
 * Whether a task declares a thing, by any name that `world` knows of it. A path counts as declared with anything that is
 * about it, or lies below it; lines of a file that is declared whole are that task's business.
 */
export function declaredBy(tasks: readonly Task[], world = new World()): (made: Made) => boolean {
  const behind = (path: string) => (path.startsWith('/') ? world.behind(path).path : path);
  const keys = new Set(
    tasks.flatMap((task) => (task.traces?.() ?? []).map((one) => world.thing(keyOf(one)))),
  );
  const whole = new Set(
    tasks
      .flatMap(({ owns, thing, traces }) => [
        ...owns,
        ...(/^path (.*)$/s.exec(thing)?.slice(1) ?? []),
        ...(traces?.() ?? []).flatMap(({ kind, name }) =>
          isPathKind(kind) && kind !== 'text' ? [name] : [],
        ),
      ])
      .map(behind),
  );
  const touched = new Set([...whole, ...tasks.flatMap((task) => wantedPaths(task).map(behind))]);
  const above = new Set([...touched].flatMap(foldersAbove));
  return (made) => {
    if (keys.has(world.thing(keyOf(made)))) return true;
    const path = behind(made.name);
    if (made.kind === 'lines') return whole.has(path);
    return (isPathKind(made.kind) || made.kind === 'tree') && (touched.has(path) || above.has(path));
  };
}

function foldersAbove(path: string): readonly string[] {
  if (!path.startsWith('/')) return [];
  const folders: string[] = [];
  for (let folder = dirname(path); folder !== '/' && folder !== '.'; folder = dirname(folder))
    folders.push(folder);
  return folders;
}
