import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Manifests, targets } from './package-map.ts';
import { filesAt } from './places.ts';

/**
 * The files to which `paths` and `baseUrl` of the `tsconfig.json` above the working directory lead, and that one itself:
 * tsx follows them, Node does not.
 */
export function mappedByTsconfig(name: string, manifests: Manifests): readonly string[] {
  const first = process.env.TSX_TSCONFIG_PATH ?? manifests.nearest('tsconfig.json', process.cwd());
  if (first === undefined) return [];
  const chain = [...extending(resolve(first), manifests)];
  const options = chain.map((file) => ({
    file,
    ...(manifests.json(file).compilerOptions as Options | undefined),
  }));
  const bases = options.flatMap(({ file, baseUrl }) =>
    typeof baseUrl === 'string' ? [resolve(dirname(file), baseUrl)] : [],
  );
  const found = options.flatMap(({ file, paths }) =>
    targets(paths, name).flatMap((path) =>
      [dirname(file), ...bases].map((folder) =>
        resolve(folder, path.replace('${configDir}', dirname(first))),
      ),
    ),
  );
  const files = [...found, ...bases.map((folder) => resolve(folder, name))].flatMap(filesAt);
  return files.length === 0 ? [] : [...chain, ...files];
}

interface Options {
  readonly baseUrl?: unknown;
  readonly paths?: unknown;
}

/** The file and those that it extends by path. */
function extending(first: string, manifests: Manifests): ReadonlySet<string> {
  const found = new Set([first]);
  for (const file of found) {
    for (const base of [manifests.json(file).extends ?? []].flat()) {
      const path = resolve(dirname(file), String(base));
      const there = [path, `${path}.json`].find((one) => /\.json$/.test(one) && existsSync(one));
      if (/^\.{0,2}\//.test(String(base)) && there !== undefined) found.add(there);
    }
  }
  return found;
}
