import { realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { ROOT } from '../../../root.ts';
import { type Manifests, targets } from './package-map.ts';
import { filesAt, placesOf } from './places.ts';
import { mappedByTsconfig } from './tsconfig.ts';

/**
 * All files that an import may mean, and those that decide which: Node, tsx and conditions differ, and a file that is
 * there tomorrow may come before the one of today. Of an installed package its `package.json`, which has its version.
 */
export function filesMeant(name: string, importer: string, manifests: Manifests): readonly string[] {
  // Relative imports of a linked file begin at where it lies.
  const folder = dirname(realpathSync(importer));
  if (isPlace(name)) return placesOf(name, folder).flatMap(filesAt);
  if (name.startsWith('#')) return mappedByPackage(name, folder, manifests);
  if (isBuiltin(name) || /^\w+:/.test(name)) return [];
  return [...mappedByTsconfig(name, manifests), ...filesOfPackage(name, folder, manifests)];
}

/** It is a path or the URL of a file. */
export function isPlace(name: string): boolean {
  return /^\.{0,2}\/|^\.{1,2}$|^file:/.test(name);
}

/** `#roles/web.ts`, by the `imports` of the nearest `package.json`. */
function mappedByPackage(name: string, folder: string, manifests: Manifests): readonly string[] {
  const file = manifests.nearest('package.json', folder);
  if (file === undefined) return [];
  const found = targets(manifests.json(file).imports, name)
    .filter((target) => !target.startsWith('#'))
    .flatMap((target) => filesMeant(target, file, manifests));
  return found.length === 0 ? [] : [file, ...found];
}

/** `@me/roles/web.ts`: the project's own files where the package is one of its folders, as in a workspace. */
function filesOfPackage(name: string, folder: string, manifests: Manifests): readonly string[] {
  const [, bare = '', rest = ''] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(name) ?? [];
  const installed = manifests.nearest(join('node_modules', bare, 'package.json'), folder);
  const around = manifests.nearest('package.json', folder);
  const itself = around !== undefined && manifests.json(around).name === bare ? around : undefined;
  return [installed, itself].flatMap((file) => {
    if (file === undefined) return [];
    const real = realpathSync(file);
    if (dirname(real) === ROOT) return [];
    return real.includes('/node_modules/') ? [file] : [real, ...entries(real, rest, manifests)];
  });
}

/** What `/web.ts` after the name of a package leads to. */
function entries(file: string, rest: string, manifests: Manifests): readonly string[] {
  const { exports, main } = manifests.json(file);
  const isMap = typeof exports === 'object' && Object.keys(exports ?? {}).some((key) => key.startsWith('.'));
  const paths =
    exports === undefined
      ? [`.${rest}`, ...(rest === '' && typeof main === 'string' ? [main] : [])]
      : targets(isMap ? exports : { '.': exports }, `.${rest}`);
  return paths.flatMap((path) => filesAt(resolve(dirname(file), path)));
}
