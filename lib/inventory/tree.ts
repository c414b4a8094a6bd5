import { closest, distance } from 'fastest-levenshtein';
import { isMap, isScalar } from 'yaml';
import type { Position } from '../errors.ts';
import type { Problems } from './problems.ts';
import { expandRange } from './ranges.ts';
import { CONVERT, type Entry, entriesOf, kindOf, type Source } from './source.ts';

export interface GroupNode {
  readonly name: string;
  readonly position: Position;
  readonly parents: Set<string>;
  readonly vars: Entry[];
  /** In the order of the files. */
  readonly hosts: Set<string>;
}

export interface HostNode {
  readonly name: string;
  readonly position: Position;
  readonly vars: Entry[];
}

/** Groups and hosts as the files say them, without any variable resolved. */
export interface Tree {
  readonly groups: Map<string, GroupNode>;
  readonly hosts: Map<string, HostNode>;
}

/** What a group has. */
const PARTS: readonly string[] = ['hosts', 'vars', 'children'];

/** Adds an inventory file to the tree: `all`, or groups at the top. */
export function addToTree(tree: Tree, source: Source, problems: Problems): void {
  const top = entriesOf(source.root, source);
  if (top === undefined || top.length === 0) {
    const found = top === undefined ? `, found ${kindOf(source.root)}` : '';
    problems.add(
      `an inventory is a mapping of groups${found || ', this file is empty'}`,
      { file: source.file, line: 1, column: 1 },
      'start with all:, then hosts: below it',
    );
    return;
  }
  for (const entry of top) addGroup(tree, entry, undefined, problems);
}

/** The group that Ansible has without its being written. */
export const UNGROUPED = 'ungrouped';

/** Puts the hosts that are in no other group but `all` into `ungrouped`, whether or not `file` has that. */
export function addUngrouped(tree: Tree, file: string): void {
  const position = { file, line: 1, column: 1 };
  const written = tree.groups.get(UNGROUPED);
  const others = [...tree.groups.values()].filter(({ name }) => name !== 'all' && name !== UNGROUPED);
  const grouped = new Set(others.flatMap(({ hosts }) => [...hosts]));
  const hosts = new Set([...tree.hosts.keys()].filter((name) => !grouped.has(name)));
  const group = written ?? { name: UNGROUPED, position, parents: new Set<string>(), vars: [] };
  tree.groups.set(UNGROUPED, { ...group, hosts });
}

/** A group's names from the outside in: `all`, then parents before children. */
export function lineage(tree: Tree, name: string, seen: ReadonlySet<string> = new Set()): readonly string[] {
  if (seen.has(name)) return [];
  const parents = [...(tree.groups.get(name)?.parents ?? [])];
  const above = parents.flatMap((parent) => lineage(tree, parent, new Set([...seen, name])));
  return [...new Set([...above, name])];
}

function addGroup(tree: Tree, entry: Entry, parent: string | undefined, problems: Problems): void {
  const { key: name, position, source } = entry;
  if (PARTS.includes(name)) {
    problems.add(
      `${name} stands where a group is wanted`,
      position,
      `put the group above it: all:, then ${name}: below`,
    );
    return;
  }
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) {
    problems.add(
      `${JSON.stringify(name)} is not a group name`,
      position,
      'letters, digits, _, - and . are allowed',
    );
    return;
  }
  if (name === 'all' && parent !== undefined) {
    problems.add(`group all is below ${parent}`, position, 'all is the outermost group: put it first');
    return;
  }
  if (name === '_meta') {
    problems.add('this is what an inventory script prints; YAML is wanted', position, CONVERT);
    return;
  }
  const group = tree.groups.get(name) ?? { name, position, parents: new Set(), vars: [], hosts: new Set() };
  tree.groups.set(name, group);
  if (parent !== undefined && [...lineage(tree, parent)].includes(name)) {
    const what = parent === name ? 'itself' : `${parent}, which contains it`;
    problems.add(`group ${name} contains ${what}`, position, 'groups go one way: parents, then children');
    return;
  }
  if (parent !== undefined) group.parents.add(parent);
  const parts = entriesOf(entry.value, source);
  if (parts === undefined) {
    problems.add(
      `group ${name} is a mapping of hosts, vars and children, found ${kindOf(entry.value, name)}`,
      position,
      name === 'plugin'
        ? 'inventory plugins are not run here: list the hosts'
        : `write ${name}:, then hosts: below`,
    );
    return;
  }
  for (const part of parts) addPart(tree, group, part, problems);
}

function addPart(tree: Tree, group: GroupNode, part: Entry, problems: Problems): void {
  if (!PARTS.includes(part.key)) {
    problems.add(
      `group ${group.name} has no ${JSON.stringify(part.key)}: hosts, vars and children are what a group has`,
      part.position,
      partHint(part),
    );
    return;
  }
  const entries = entriesOf(part.value, part.source);
  if (entries === undefined) {
    problems.add(
      `${part.key} of group ${group.name} is a mapping, found ${kindOf(part.value, part.key)}`,
      part.position,
      {
        hosts: 'write each host as a key: host01: { ansible_host: 192.0.2.13 }',
        vars: 'write each variable as NAME: VALUE, without a dash',
        children: 'write each group as a key: a colon after its name, no dash before it',
      }[part.key],
    );
    return;
  }
  for (const entry of entries) {
    if (part.key === 'vars') group.vars.push(entry);
    else if (part.key === 'children') addGroup(tree, entry, group.name, problems);
    else addHosts(tree, group, entry, problems);
  }
}

function partHint({ key, value }: Entry): string | undefined {
  const near = closest(key, [...PARTS]);
  if (distance(key, near) <= 2) return `did you mean ${near}?`;
  const isVariable = /^[a-z]+_/.test(key) || (isScalar(value) && value.value !== null);
  if (isVariable) return 'variables go below vars:';
  return value === null || isMap(value) || isScalar(value) ? 'hosts go below hosts:' : undefined;
}

function addHosts(tree: Tree, group: GroupNode, entry: Entry, problems: Problems): void {
  const names = expandRange(entry.key);
  if ('problem' in names) {
    const hint = 'a range is [01:03] or [a:c], with a step as third part';
    problems.add(`host ${JSON.stringify(entry.key)}: ${names.problem}`, entry.position, hint);
    return;
  }
  const vars = entriesOf(entry.value, entry.source);
  if (vars === undefined) {
    const found = kindOf(entry.value, entry.key);
    problems.add(
      `host ${entry.key} is a mapping of variables, found ${found}`,
      entry.position,
      /^"\w+:/.test(found) ? 'a space is missing after the colon' : 'write { ansible_host: ADDRESS }',
    );
    return;
  }
  for (const name of names) {
    if (
      name.length > 253 ||
      name === '__proto__' ||
      !/^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(name)
    ) {
      problems.add(
        `${JSON.stringify(name)} is not a host name`,
        entry.position,
        'letters, digits, _, - and . are allowed; the address goes into ansible_host',
      );
      continue;
    }
    const host = tree.hosts.get(name) ?? { name, position: entry.position, vars: [] };
    tree.hosts.set(name, host);
    host.vars.push(...vars);
    group.hosts.add(name);
  }
}
