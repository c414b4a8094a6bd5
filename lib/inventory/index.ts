import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { distance } from 'fastest-levenshtein';
import type { VarSchema } from '../dsl/role.ts';
import { EXIT, QuorateError, QuorateErrors } from '../errors.ts';
import { isPrivate } from '../secret-names.ts';
import { noteAnsibleCfg } from './ansible-cfg.ts';
import { Problems } from './checks/problems.ts';
import { keepNamedSecrets } from './checks/secrets.ts';
import type { ConnectionDefaults } from './connection.ts';
import type { Inventory, InventoryHost, ListedGroup } from './inventory.ts';
import { addSource, type Format, type Reading } from './sources.ts';
import type { OpenVault } from './text.ts';
import { type Host, Tree } from './tree.ts';
import { extraVars } from './variables/extra-vars.ts';
import type { Evaluate } from './variables/settings.ts';
import { settle } from './variables/settle.ts';
import { Templates } from './variables/template.ts';
import { templateWorld } from './variables/template-world.ts';
import { type Raw, Vaulted } from './variables/value.ts';
import { readVarFolder, type VarFolder, varFolders } from './variables/var-files.ts';
import { Variables } from './variables/variables.ts';
import type { Vault } from './vault/vault.ts';
import type { VaultSources } from './vault/vault-passwords.ts';

export type { Inventory, InventoryHost, SettledHost, SettledInventory } from './inventory.ts';
export { selectHosts } from './patterns.ts';

export interface InventoryOptions {
  /** `-i`, as given: files, directories, executables, lists of hosts with a comma. */
  readonly files: readonly string[];
  /** The union of what the roles declare. */
  readonly schema: VarSchema;
  /** `-e`, as given. */
  readonly extraVars?: readonly string[];
  /** `-u` and `-b`: as in Ansible, a variable wins over them. */
  readonly defaults?: ConnectionDefaults;
  /** Where `group_vars/` and `host_vars/` of the playbook lie; the current directory unless said. */
  readonly playbookFolder?: string;
  /** Without hosts it is told, and shown. */
  readonly mayBeEmpty?: boolean;
  /** Where the passwords of vaults come from; asked for when the first vault is met. */
  readonly vault?: VaultSources;
}

/**
 * Reads an inventory as Ansible does: sources in their order into one tree, then the files of variables. Throws all that
 * keeps it from being read at once, exit code 1. No variable is judged before `settle` reads it.
 */
export async function loadInventory(options: InventoryOptions): Promise<Inventory> {
  const { files, schema, defaults = {}, playbookFolder = process.cwd() } = options;
  const problems = new Problems();
  const tree = new Tree(problems, { file: files[0] ?? '', line: 1, column: 1 });
  const openVault = vaultOpener(options.vault);
  const extra = await extraVars(options.extraVars ?? [], openVault, problems);
  const reading: Reading = {
    tree,
    problems,
    openVault,
    read: [],
    construct: async (source) => {
      const { construct } = await import('./constructed.ts');
      const folders = varFolders(reading.read);
      await construct({ tree, extra, source, folders, openVault, playbookFolder, problems });
    },
  };
  for (const file of files) {
    const hint = meantFor(file);
    if (hint !== undefined) problems.add(`there is no file ${file}`, undefined, hint);
    else await addSource(reading, file);
  }
  tree.complete();
  const names = { groups: [...tree.groups.keys()], hosts: [...tree.hosts.keys()] };
  const varFiles: VarFolder[] = [];
  for (const folder of varFolders(files, playbookFolder))
    varFiles.push(await readVarFolder(folder, names, openVault, problems));
  refuseNoHosts(tree, reading, problems, options.mayBeEmpty === true);
  problems.throwIfAny();
  for (const { name, position } of tree.hosts.values())
    if (tree.groups.has(name))
      problems.note(
        `${name} is a host and a group: what is written for the host counts for the group`,
        position,
      );
  noteAnsibleCfg(process.cwd(), problems);
  const variables = new Variables(tree, varFiles, extra);
  const templates = new Templates(templateWorld(tree, variables, playbookFolder, openVault));
  const evaluate: Evaluate = (variable, host) => templates.evaluate(host.name, variable);
  const hosts = tree.membersOf(tree.all).map((host) => listed(tree, host));
  const groups = membersOf(tree);
  const hostNamed = (name: string) => tree.hosts.get(name) as Host;
  return {
    files,
    hosts,
    written: [...tree.hosts.keys()],
    groups,
    tree: listedGroups(tree, variables),
    schema,
    notices: problems.notes,
    settle: (which) => settle({ hosts: tree.hosts, variables, schema, defaults, evaluate }, which),
    variablesOf: (name) => variables.of(hostNamed(name)),
    keepSecrets() {
      for (const { name, value } of variables.ofAll([...tree.hosts.values()]))
        keepNamedSecrets(name, value, isPrivate);
    },
    unreadOf: (name) => variables.unreadOf(hostNamed(name)),
    evaluate: (name, variable) => templates.evaluate(name, variable, true),
    groupNamedBy(variable, group) {
      const named = (value: Raw | undefined) =>
        typeof value === 'string' && groups.has(value) ? value : undefined;
      const word = extra.findLast(({ name }) => name === variable)?.value;
      const said = named(word);
      if (typeof word === 'string' && said === undefined) refuseSlip(variable, word, group, groups.keys());
      if (said !== undefined || groups.has(group)) return said;
      const all = hosts.map(({ name }) => named(variables.of(hostNamed(name)).get(variable)?.at(-1)?.value));
      const different = new Set(all.filter((each) => each !== undefined));
      return different.size === 1 ? [...different][0] : undefined;
    },
  };
}

/** A slip in the name of another group would act on the usual one. Throws exit code 1. */
function refuseSlip(variable: string, word: string, usual: string, groups: Iterable<string>): void {
  const near = [...groups].find(
    (each) => each !== usual && distance(each, word) <= Math.min(2, word.length - 2),
  );
  if (near === undefined) return;
  throw new QuorateError(`-e ${variable}=${word} names no group of this inventory`, {
    exitCode: EXIT.usage,
    hint: `did you mean ${near}? Where the variable is to be ${word} for hosts of ${usual}, write it into the inventory`,
  });
}

/** Nobody is asked for a password, and no file of one is read, before the first vault is met. */
function vaultOpener(sources: VaultSources | undefined): OpenVault {
  let vault: Promise<Vault> | undefined;
  const make = async () => {
    const [{ Vault }, { vaultPasswords }] = await Promise.all([
      import('./vault/vault.ts'),
      import('./vault/vault-passwords.ts'),
    ]);
    return new Vault(sources ? vaultPasswords(sources) : []);
  };
  return async (armoured, position) => {
    vault ??= make();
    return (await vault).open(new Vaulted(armoured, position));
  };
}

function listedGroups(tree: Tree, variables: Variables): ReadonlyMap<string, ListedGroup> {
  const names = (of: Iterable<{ readonly name: string }>) => [...of].map(({ name }) => name);
  return new Map(
    [...tree.groups.values()].map((group) => [
      group.name,
      {
        get children() {
          return names(group.children);
        },
        get hosts() {
          return names(group.hosts);
        },
        variables: () => variables.ofGroup(group),
      },
    ]),
  );
}

function membersOf(tree: Tree): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...tree.groups.values()].map((group) => [group.name, tree.membersOf(group).map(({ name }) => name)]),
  );
}

function listed(tree: Tree, host: Host): InventoryHost {
  const { name, position } = host;
  let groups: readonly string[] | undefined;
  return {
    name,
    position,
    get groups() {
      groups ??= tree.groupsOf(host).map((group) => group.name);
      return groups;
    },
  };
}

/** For a file that is not there: one that may be meant, with the other ending or in `inventory/`. */
function meantFor(file: string): string | undefined {
  if (existsSync(file) || file.includes(',')) return undefined;
  const other = /\.yml$/.test(file) ? file.replace(/\.yml$/, '.yaml') : file.replace(/\.yaml$/, '.yml');
  const meant = [other, join('inventory', file), join('inventory', other)].find((path) => existsSync(path));
  return meant === undefined ? 'check the path given with -i' : `did you mean ${meant}?`;
}

/** Told first: what was passed over comes after it, and may be why. */
function refuseNoHosts(
  tree: Tree,
  { format = 'yaml' }: Reading,
  problems: Problems,
  mayBeEmpty: boolean,
): void {
  if (tree.hosts.size > 0 || problems.count > 0) return;
  const message = 'there is no host in this inventory';
  const [, , first] = tree.groups.values();
  const { position } = first ?? tree.all;
  if (mayBeEmpty) {
    problems.note(message, position);
    return;
  }
  problems.add(message, position, WHERE_HOSTS_STAND[format]);
  problems.notesAreErrors();
  throw new QuorateErrors(problems.errors);
}

const WHERE_HOSTS_STAND: Readonly<Record<Format, string>> = {
  yaml: 'list them below hosts: of a group',
  ini: 'write their names, one a line, below [GROUP]; a line that starts with # or ; is a comment',
  toml: 'list them as [GROUP.hosts.NAME]',
  script: 'with --list it prints them in "hosts" of its groups',
  list: 'write their names with commas: a,b',
};
