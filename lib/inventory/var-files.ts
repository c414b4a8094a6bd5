import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Problems } from './problems.ts';
import { type Entry, entriesOf, readSource } from './source.ts';
import type { Tree } from './tree.ts';

const ENDINGS = ['', '.yml', '.yaml', '.json'];

/**
 * Adds `group_vars/` and `host_vars/` beside the inventory files: NAME, NAME.yml, NAME.yaml, NAME.json or
 * NAME/. Relative paths in them start where those of the inventory do. Returns notices of files that no group or
 * host has the name of.
 */
export function addVarFiles(
  tree: Tree,
  inventories: readonly string[],
  problems: Problems,
): readonly string[] {
  const notices: string[] = [];
  const first = new Map(inventories.map((file) => [dirname(file), file] as const).reverse());
  for (const [beside, inventory] of [...first].reverse()) {
    if (existsSync(join(beside, 'group_vars')) && !tree.groups.has('all')) {
      const position = { file: inventory, line: 1, column: 1 };
      tree.groups.set('all', { name: 'all', position, parents: new Set(), vars: [], hosts: new Set() });
    }
    notices.push(
      ...addFolder(join(beside, 'group_vars'), tree.groups, 'group', problems),
      ...addFolder(join(beside, 'host_vars'), tree.hosts, 'host', problems),
    );
  }
  return notices;
}

function addFolder(
  folder: string,
  nodes: ReadonlyMap<string, { readonly vars: Entry[] }>,
  what: 'group' | 'host',
  problems: Problems,
): readonly string[] {
  if (!existsSync(folder)) return [];
  if (!statSync(folder).isDirectory()) {
    problems.add(`${folder} is a file`, undefined, `a directory with a file for each ${what} is wanted`);
    return [];
  }
  const used = new Set<string>();
  for (const [name, node] of nodes) {
    const found = ENDINGS.map((ending) => `${name}${ending}`).filter((file) =>
      existsSync(join(folder, file)),
    );
    for (const file of found) used.add(file);
    const [one, other] = found;
    if (other !== undefined) {
      problems.add(`${folder} has ${one} and ${other}`, undefined, `keep one of them for ${what} ${name}`);
    } else if (one !== undefined) {
      for (const file of filesOf(join(folder, one)))
        node.vars.push(...varsIn(file, dirname(folder), problems));
    }
  }
  return readdirSync(folder)
    .filter((file) => !used.has(file) && !file.startsWith('.'))
    .sort()
    .map((file) => `not used: ${join(folder, file)}, as no ${what} has that name`);
}

function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((file) => /\.(ya?ml|json)$/.test(file))
    .sort()
    .map((file) => join(path, file));
}

function varsIn(file: string, beside: string, problems: Problems): readonly Entry[] {
  const source = readSource(file, problems);
  if (source === undefined) return [];
  const vars = entriesOf(source.root, { ...source, folder: resolve(beside) });
  const nested = vars?.find(({ key }) => key === 'vars');
  if (vars === undefined || nested !== undefined) {
    problems.add(
      nested ? 'vars stands where a variable is wanted' : 'this file is not a mapping of variables',
      nested?.position ?? { file, line: 1, column: 1 },
      'write NAME: VALUE, one a line',
    );
    return [];
  }
  return vars;
}
