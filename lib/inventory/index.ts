import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { VarSchema } from '../dsl/role.ts';
import type { Position } from '../errors.ts';
import type { Connection } from '../transport/host.ts';
import { type ConnectionOverrides, connectionOf } from './connection.ts';
import { refuseDuplicates } from './duplicates.ts';
import { extraVars } from './extra-vars.ts';
import { checkNames } from './names.ts';
import { Problems } from './problems.ts';
import { type Entry, entriesOf, readSource } from './source.ts';
import { addToTree, lineage, type Tree } from './tree.ts';
import { varChecker } from './validate.ts';
import { groupsOf, refuseTemplates, settingsOf } from './variables.ts';

export { selectHosts } from './patterns.ts';

export interface InventoryHost {
  readonly name: string;
  /** `all` first, parents before children. */
  readonly groups: readonly string[];
  /** The declared variables, checked, defaults filled in. */
  readonly vars: Readonly<Record<string, unknown>>;
  readonly connection: Connection;
  readonly position: Position;
  /** Where a variable's value comes from. */
  origin(name: string): Position | 'default' | 'extra-vars';
}

export interface Inventory {
  readonly files: readonly string[];
  /** In the order of the files. */
  readonly hosts: readonly InventoryHost[];
  /** Hosts of each group, those of its children included. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** What a person should know, and what is not an error. */
  readonly notices: readonly string[];
}

export interface InventoryOptions {
  readonly files: readonly string[];
  /** The union of what the roles declare. */
  readonly schema: VarSchema;
  /** `-e`, as given. */
  readonly extraVars?: readonly string[];
  readonly overrides?: ConnectionOverrides;
}

/** Reads and checks inventory files. Throws all that is wrong with them at once, exit code 1. */
export async function loadInventory(options: InventoryOptions): Promise<Inventory> {
  const { files, schema, overrides = {} } = options;
  const problems = new Problems();
  const tree: Tree = { groups: new Map(), hosts: new Map() };
  for (const file of files) {
    const source = readSource(file, problems);
    if (source) addToTree(tree, source, problems);
  }
  for (const file of files) addVarFiles(tree, file, problems);
  const extra = extraVars(options.extraVars ?? [], problems);
  problems.throwIfAny();
  const entries = [...tree.groups.values(), ...tree.hosts.values()].flatMap(({ vars }) => vars);
  const foreign = checkNames([...entries, ...extraEntries(extra)], schema, problems);
  for (const entry of entries) refuseTemplates(entry, problems);
  problems.throwIfAny();
  const checker = await varChecker(schema);
  const told = new Set<string>();
  const hosts = [...tree.hosts.values()].map(({ name, position }): InventoryHost => {
    const settings = settingsOf(tree, name, extra, problems, told);
    return {
      name,
      groups: groupsOf(tree, name),
      vars: checker.check(name, settings, problems),
      connection: connectionOf(name, settings, overrides, problems),
      position,
      origin: (variable) =>
        extra.has(variable) ? 'extra-vars' : (settings.get(variable)?.position ?? 'default'),
    };
  });
  refuseDuplicates(hosts, problems);
  for (const { name, position } of tree.hosts.values()) {
    if (tree.groups.has(name)) problems.add(`${name} is a host and a group`, position, 'rename one of them');
  }
  problems.throwIfAny();
  return { files, hosts, groups: membersOf(tree), notices: noticesOf(foreign) };
}

/** `group_vars/` and `host_vars/` beside an inventory file: NAME, NAME.yml, NAME.yaml, NAME.json or NAME/. */
function addVarFiles(tree: Tree, inventory: string, problems: Problems): void {
  for (const [folder, nodes] of [
    ['group_vars', tree.groups],
    ['host_vars', tree.hosts],
  ] as const) {
    const directory = join(dirname(inventory), folder);
    if (!existsSync(directory)) continue;
    if (folder === 'group_vars' && !tree.groups.has('all')) {
      const position = { file: inventory, line: 1, column: 1 };
      tree.groups.set('all', { name: 'all', position, parents: new Set(), vars: [], hosts: new Set() });
    }
    for (const [name, node] of nodes) {
      for (const file of varFiles(directory, name)) {
        const source = readSource(file, problems);
        const vars = source && entriesOf(source.root, source);
        if (source && vars === undefined)
          problems.add(`${file} is a mapping of variables`, { file, line: 1, column: 1 });
        (node.vars as Entry[]).push(...(vars ?? []));
      }
    }
  }
}

function varFiles(directory: string, name: string): readonly string[] {
  const found = ['', '.yml', '.yaml', '.json']
    .map((ending) => join(directory, `${name}${ending}`))
    .filter((path) => existsSync(path));
  return found.flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path)
          .filter((file) => /\.(ya?ml|json)$/.test(file))
          .sort()
          .map((file) => join(path, file))
      : [path],
  );
}

function extraEntries(extra: ReturnType<typeof extraVars>): readonly Entry[] {
  return [...extra.keys()].map(
    (key) => ({ key, value: null, position: undefined, source: undefined }) as unknown as Entry,
  );
}

function membersOf(tree: Tree): ReadonlyMap<string, readonly string[]> {
  const all = [...tree.hosts.keys()];
  const groups = new Map<string, readonly string[]>([['all', all]]);
  for (const name of tree.groups.keys()) {
    if (name === 'all') continue;
    const members = new Set(
      [...tree.groups.values()]
        .filter((group) => lineage(tree, group.name).includes(name))
        .flatMap(({ hosts }) => [...hosts]),
    );
    groups.set(
      name,
      all.filter((host) => members.has(host)),
    );
  }
  return groups;
}

function noticesOf(foreign: readonly string[]): readonly string[] {
  return foreign.length === 0 ? [] : [`not used here: ${[...foreign].sort().join(', ')}`];
}
