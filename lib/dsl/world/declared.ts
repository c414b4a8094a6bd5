import { posix } from 'node:path';
import type { Names } from './names.ts';
import { isBelow, normalPath } from './normal-path.ts';

interface Wanted {
  readonly resource: string;
  readonly path: string;
}

/** The paths at which tasks want something, wherever they stand in the list; a path may have several names. */
export class Declared {
  readonly #names: Names;
  readonly #all: Wanted[];
  /** Who wants something at a path, as its names were then. */
  #byPath: { readonly at: number; readonly all: ReadonlyMap<string, ReadonlySet<string>> } | undefined;

  constructor(names: Names, from?: Declared) {
    this.#names = names;
    this.#all = from ? [...from.#all] : [];
  }

  /** Say at which paths a task wants something. */
  add(resource: string, paths: readonly string[]): void {
    for (const path of paths) this.#all.push({ resource, path });
    this.#byPath = undefined;
  }

  /** Another task than this one wants something at the path. */
  isElse(path: string, resource: string): boolean {
    const { path: real } = this.#names.behind(path);
    return [...(this.#sorted().get(real) ?? [])].some((one) => one !== resource);
  }

  /** Paths below a folder at which other tasks than this one want something. */
  below(folder: string, resource: string): readonly string[] {
    const real = this.#names.behind(`${folder}/it`).path.slice(0, -'/it'.length);
    const below = this.#all.flatMap((one) => {
      if (one.resource === resource) return [];
      const { path } = this.#names.behind(one.path);
      // Also as it is written: the way to it may be a link that lies below the folder.
      const written = isBelow(normalPath(one.path), folder) ? [normalPath(one.path)] : [];
      return isBelow(path, real) ? [posix.join(folder, path.slice(real.length)), ...written] : written;
    });
    return [...new Set(below)];
  }

  #sorted(): ReadonlyMap<string, ReadonlySet<string>> {
    const at = this.#names.changes;
    if (this.#byPath?.at === at) return this.#byPath.all;
    const all = new Map<string, Set<string>>();
    for (const { resource, path } of this.#all) {
      const { path: real } = this.#names.behind(path);
      all.set(real, (all.get(real) ?? new Set<string>()).add(resource));
    }
    this.#byPath = { at, all };
    return all;
  }
}
