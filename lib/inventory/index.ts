import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { VarSchema } from '../dsl/role.ts';
import { Secret } from '../dsl/secret.ts';
import { isSecret } from '../secret-names.ts';
import { type ConnectionDefaults, connectionOf } from './connection.ts';
import { refuseDuplicates } from './duplicates.ts';
import { extraVars } from './extra-vars.ts';
import type { Inventory, InventoryHost } from './inventory.ts';
import { checkNames } from './names.ts';
import { Problems } from './problems.ts';
import { readSource } from './source.ts';
import { addToTree, addUngrouped, lineage, type Tree } from './tree.ts';
import { varChecker } from './validate.ts';
import { addVarFiles } from './var-files.ts';
import { canonical, groupsOf, refuseTemplates, settingsOf } from './variables.ts';

export type { Inventory, InventoryHost } from './inventory.ts';
export { selectHosts } from './patterns.ts';

export interface InventoryOptions {
  readonly files: readonly string[];
  /** The union of what the roles declare. */
  readonly schema: VarSchema;
  /** `-e`, as given. */
  readonly extraVars?: readonly string[];
  /** `-u` and `-b`: as in Ansible, a variable wins over them. */
  readonly defaults?: ConnectionDefaults;
}

/** Reads and checks inventory files. Throws all that is wrong with them at once, exit code 1. */
export async function loadInventory(options: InventoryOptions): Promise<Inventory> {
  const { files, schema, defaults = {} } = options;
  const problems = new Problems();
  const tree: Tree = { groups: new Map(), hosts: new Map() };
  for (const file of files) {
    const source = readSource(file, problems, inFolder(file));
    if (source) addToTree(tree, source, problems);
  }
  addUngrouped(tree, files[0] ?? '');
  const stray = addVarFiles(tree, files, problems);
  const extra = extraVars(options.extraVars ?? [], problems);
  problems.throwIfAny();
  const entries = [...tree.groups.values(), ...tree.hosts.values()].flatMap(({ vars }) => vars);
  const written = [
    ...entries.map(({ key, value, position, source }) => ({ key, value: source.plain(value), position })),
    ...[...extra].map(([key, { value, position }]) => ({ key, value, position })),
  ];
  for (const { key, value } of written) keepSecret(key, value);
  const foreign = checkNames(written, schema, problems);
  for (const { key, value, position } of written) refuseTemplates(key, value, position, problems);
  refuseNoHosts(tree, problems);
  problems.throwIfAny();
  const checker = await varChecker(schema);
  const told = new Set<string>();
  const hosts = [...tree.hosts.values()].map(({ name, position }): InventoryHost => {
    const settings = settingsOf(tree, name, extra, problems, told);
    const connection = connectionOf(name, settings, defaults, problems);
    return {
      name,
      groups: groupsOf(tree, name),
      vars: checker.check(name, settings, problems, connection.kind === 'local'),
      connection,
      position,
      origin: (variable) =>
        extra.has(canonical(variable))
          ? 'extra-vars'
          : (settings.get(canonical(variable))?.position ?? 'default'),
    };
  });
  refuseDuplicates(hosts, problems);
  for (const { name, position } of tree.hosts.values()) {
    if (name === 'all' || tree.groups.has(name))
      problems.add(`${name} is a host and a group`, position, 'rename one of them');
  }
  problems.throwIfAny();
  return { files, hosts, groups: membersOf(tree), notices: [...stray, ...noticesOf(foreign)] };
}

/** Masks a secret from here on, wherever it turns up: in a file's diff, in what a command says. */
function keepSecret(key: string, value: unknown): void {
  if (typeof value === 'string' && isSecret(key)) new Secret(value);
  if (typeof value !== 'object' || value === null) return;
  for (const [inner, one] of Object.entries(value)) keepSecret(Array.isArray(value) ? key : inner, one);
}

/** For a file that is not there: one that may be meant, with the other ending or in `inventory/`. */
function inFolder(file: string): string | undefined {
  if (existsSync(file)) return undefined;
  const other = /\.yml$/.test(file) ? file.replace(/\.yml$/, '.yaml') : file.replace(/\.yaml$/, '.yml');
  const meant = [other, join('inventory', file), join('inventory', other)].find((path) => existsSync(path));
  return meant === undefined ? undefined : `did you mean ${meant}?`;
}

function refuseNoHosts(tree: Tree, problems: Problems): void {
  const [first] = tree.groups.values();
  if (tree.hosts.size > 0 || first === undefined) return;
  problems.add('there is no host in this inventory', first.position, 'list them below hosts: of a group');
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
