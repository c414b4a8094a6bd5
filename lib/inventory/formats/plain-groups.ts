import { dirname, resolve } from 'node:path';
import type { Position } from '../../errors.ts';
import type { Problems } from '../checks/problems.ts';
import type { Group, Host, Tree } from '../tree.ts';
import { momentOf } from '../variables/moment.ts';
import { Numeral, type Raw, type Variable, whole } from '../variables/value.ts';
import { hostNames } from './host-names.ts';
import { marked } from './yaml.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** Adds a TOML inventory: `[GROUP.hosts]`, `[GROUP.vars]`, `children` a list. As Ansible's plugin `toml` reads it. */
export async function addToml(tree: Tree, file: string, text: string, problems: Problems): Promise<void> {
  const { parse, TomlError } = await import('smol-toml');
  let groups: Mapping;
  try {
    groups = parse(text, { integersAsBigInt: 'asNeeded' }) as Mapping;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    problems.add('not valid TOML', { file, line: error.line, column: error.column }, 'look at this line');
    return;
  }
  const lines = text.split('\n');
  for (const [name, parts] of Object.entries(groups)) {
    const line = lines.findIndex((each) => each.startsWith('[') && each.includes(name)) + 1;
    addTomlGroup(tree, name, parts, { file, line: Math.max(line, 1), column: 1 }, problems);
  }
}

function addTomlGroup(
  tree: Tree,
  name: string,
  parts: unknown,
  position: Position,
  problems: Problems,
): void {
  if (!isMapping(parts)) {
    problems.note(`${name} is passed over: a group is a table with hosts, vars and children`, position);
    return;
  }
  const group = tree.addGroup(name, position);
  for (const [key, value] of Object.entries(parts)) {
    if (key === 'vars' && isMapping(value)) setGroupVars(tree, group, value, position);
    else if (key === 'children' && Array.isArray(value))
      for (const child of value) tree.addChild(group, tree.addGroup(String(child), position), position);
    else if (key === 'hosts' && isMapping(value)) {
      for (const [pattern, vars] of Object.entries(value))
        addHosts(tree, group, pattern, isMapping(vars) ? vars : {}, position, problems);
    } else if (key === 'vars' || key === 'children' || key === 'hosts')
      problems.add(`${key} of group ${name} is ${key === 'children' ? 'a list' : 'a table'}`, position);
    else
      problems.note(
        `${key} of group ${name} is passed over: hosts, vars and children are what a group has`,
        position,
      );
  }
}

function addHosts(
  tree: Tree,
  group: Group,
  pattern: string,
  vars: Mapping,
  position: Position,
  problems: Problems,
): void {
  const found = hostNames(pattern);
  if ('problem' in found) problems.add(`host ${JSON.stringify(pattern)}: ${found.problem}`, position);
  else
    for (const name of found.names)
      tree.setHostVariables(tree.addHost(name, group, position, found.port), variables(vars, position));
}

/**
 * Adds what an inventory script prints for `--list`: groups as mappings or as lists of hosts. Returns the hosts, and
 * `_meta.hostvars` where the script has that.
 */
export function addScriptGroups(
  tree: Tree,
  printed: Mapping,
  position: Position,
  problems: Problems,
): { readonly hosts: readonly Host[]; readonly hostvars: Mapping | undefined } {
  const hosts = new Set<Host>();
  let hostvars: Mapping | undefined;
  for (const [name, data] of Object.entries(printed)) {
    if (name === '_meta') {
      if (isMapping(data) && isMapping(data.hostvars)) hostvars = data.hostvars;
      continue;
    }
    const group = tree.addGroup(name, position);
    const isGroup = isMapping(data) && ['hosts', 'vars', 'children'].some((key) => Object.hasOwn(data, key));
    const parts = isGroup ? data : isMapping(data) ? { hosts: [name], vars: data } : { hosts: data };
    for (const host of listOf(parts.hosts, `hosts of group ${name}`, position, problems))
      hosts.add(tree.addHost(host, group, position));
    if (isMapping(parts.vars)) setGroupVars(tree, group, parts.vars, position);
    for (const child of listOf(parts.children, `children of group ${name}`, position, problems))
      tree.addChild(group, tree.addGroup(child, position), position);
  }
  return { hosts: [...hosts], hostvars };
}

function listOf(value: unknown, what: string, position: Position, problems: Problems): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  problems.add(`${what}: a list of names is wanted`, position);
  return [];
}

function setGroupVars(tree: Tree, group: Group, vars: Mapping, position: Position): void {
  for (const variable of variables(vars, position)) tree.setGroupVariable(group, variable);
}

/** Variables that have no place of their own in what was read. */
export function variables(vars: Mapping, position: Position): readonly Variable[] {
  const folder = resolve(dirname(position.file));
  return Object.entries(vars).map(([name, value]) => ({
    name,
    value: rawOf(value, position),
    position,
    folder,
  }));
}

/** Of plain data. */
export function rawOf(value: unknown, position: Position | undefined): Raw {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value === 'bigint') return whole(value);
  if (value instanceof Numeral) return value;
  if (Array.isArray(value)) return value.map((one) => rawOf(one, position));
  if (value instanceof Date) return momentOf(value.toISOString()) ?? value.toISOString();
  if (!isMapping(value)) return null;
  const entries = Object.entries(value).map(([key, one]) => [key, rawOf(one, position)] as const);
  return marked(new Map(entries), position);
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
