import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'jsonc-parser';
import { isPlainObject } from '../../../dsl/common/plain-object.ts';

/**
 * All that `imports`, `exports` or `paths` may make of a name, whatever the condition: of
 * `{"#roles/*": {"development": "./roles/*.ts", "default": "./dist/*.js"}}` and `#roles/web` both files.
 */
export function targets(map: unknown, name: string): readonly string[] {
  return Object.entries(isPlainObject(map) ? map : {}).flatMap(([key, value]) => {
    const part = partOf(name, key);
    return part === undefined ? [] : leaves(value).map((target) => target.replaceAll('*', () => part));
  });
}

/** What stands for the `*` of a key, empty where it has none; undefined where the key is another one. */
function partOf(name: string, key: string): string | undefined {
  const [before = '', after] = key.split('*');
  if (after === undefined) return name === key ? '' : undefined;
  const fits = name.startsWith(before) && name.endsWith(after) && name.length >= before.length + after.length;
  return fits ? name.slice(before.length, name.length - after.length) : undefined;
}

function leaves(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [];
}

/** What decides which files imports mean: each file is read once, however many imports there are. */
export class Manifests {
  readonly #read = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #nearest = new Map<string, string | undefined>();

  /** The nearest file of this name in a folder or above it. */
  nearest(name: string, folder: string): string | undefined {
    const path = join(folder, name);
    if (!this.#nearest.has(path)) {
      const above = () => (dirname(folder) === folder ? undefined : this.nearest(name, dirname(folder)));
      this.#nearest.set(path, existsSync(path) ? path : above());
    }
    return this.#nearest.get(path);
  }

  /** An object in JSON, comments allowed; empty where there is none. */
  json(file: string): Readonly<Record<string, unknown>> {
    const known = this.#read.get(file);
    if (known !== undefined) return known;
    const value: unknown = existsSync(file)
      ? parse(readFileSync(file, 'utf8'), [], { allowTrailingComma: true })
      : {};
    const object = isPlainObject(value) ? value : {};
    this.#read.set(file, object);
    return object;
  }
}
