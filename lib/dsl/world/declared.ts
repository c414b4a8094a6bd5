import { posix } from 'node:path';
import { isBelow, normalPath } from './normal-path.ts';
import { PerNames } from './per-names.ts';
import type { World } from './world.ts';

interface Wanted {
  readonly resource: string;
  readonly path: string;
}

/** The paths at which tasks want something, wherever they stand in the list; a path may have several names. */
export class Declared {
  readonly #world: World;
  readonly #all: Wanted[];
  #byPath: PerNames<ReadonlyMap<string, ReadonlySet<string>>>;

  constructor(world: World, from?: Declared) {
    this.#world = world;
    this.#all = from ? [...from.#all] : [];
    this.#byPath = this.#sorted();
  }

  /** Say at which paths a task wants something. */
  add(resource: string, paths: readonly string[]): void {
    for (const path of paths) this.#all.push({ resource, path });
    if (paths.length > 0) this.#byPath = this.#sorted();
  }

  /** Another task than this one wants something at the path. */
  isElse(path: string, resource: string): boolean {
    const { path: real } = this.#world.behind(path);
    return [...(this.#byPath.of(this.#world).get(real) ?? [])].some((one) => one !== resource);
  }

  /** Paths below a folder at which other tasks than this one want something. */
  below(folder: string, resource: string): readonly string[] {
    const real = this.#world.behind(`${folder}/it`).path.slice(0, -'/it'.length);
    const below = this.#all.flatMap((one) => {
      if (one.resource === resource) return [];
      const { path } = this.#world.behind(one.path);
      // Also as it is written: the way to it may be a link that lies below the folder.
      const written = isBelow(normalPath(one.path), folder) ? [normalPath(one.path)] : [];
      return isBelow(path, real) ? [posix.join(folder, path.slice(real.length)), ...written] : written;
    });
    return [...new Set(below)];
  }

  #sorted() {
    return new PerNames((world) => {
      const sorted = new Map<string, Set<string>>();
      for (const { resource, path } of this.#all) {
        const at = world.behind(path).path;
        sorted.set(at, (sorted.get(at) ?? new Set()).add(resource));
      }
      return sorted;
    });
  }
}
