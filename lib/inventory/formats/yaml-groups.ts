import { closest, distance } from 'fastest-levenshtein';
import { isMap, isScalar, isSeq } from 'yaml';
import type { Problems } from '../checks/problems.ts';
import type { Group, Tree } from '../tree.ts';
import { hostNames } from './host-names.ts';
import { type Entry, entriesOf, type Source, variableOf } from './yaml.ts';
import { isNothing, kindOf, textIn } from './yaml-nodes.ts';

/** What a group has. */
const PARTS = ['hosts', 'vars', 'children'] as const;

/** Adds a YAML inventory to the tree: `all`, or groups at the top. As Ansible's plugin `yaml` reads it. */
export function addYaml(tree: Tree, source: Source, problems: Problems): void {
  const top = entriesOf(source.root, source, problems);
  const first = { file: source.file, line: 1, column: 1 };
  if (top === undefined)
    problems.add(
      `an inventory is a mapping of groups, found ${kindOf(source.root)}`,
      first,
      'start with all:, then hosts: below it',
    );
  else if (top.length === 0) problems.note('this file is empty', first);
  const stray = top?.find(({ key }) => isPart(key));
  for (const entry of top ?? []) {
    if (entry.key === '_meta')
      problems.add(
        'this is what an inventory script prints, not an inventory',
        entry.position,
        'ansible-inventory --list --yaml makes one of it; or name the script with -i',
      );
    else if (entry === stray)
      problems.add(
        `${entry.key} stands where a group is wanted`,
        entry.position,
        `put the group above it: all:, then ${entry.key}: below`,
      );
    else addGroup(tree, entry, problems);
  }
}

function isPart(key: string): key is (typeof PARTS)[number] {
  return (PARTS as readonly string[]).includes(key);
}

function addGroup(tree: Tree, entry: Entry, problems: Problems): Group | undefined {
  const { key: name, position, source } = entry;
  if (name === '') {
    problems.add('a group has no name', position, 'write NAME: and what is in it below');
    return undefined;
  }
  const parts = entriesOf(entry.value, source, problems);
  if (parts === undefined) {
    const found = isSeq(entry.value) ? 'a list' : 'text';
    problems.note(
      `${name} is passed over: a group is a mapping of hosts, vars and children, and this is ${found}`,
      position,
    );
    return undefined;
  }
  const group = tree.addGroup(name, position);
  for (const part of parts) addPart(tree, group, part, problems);
  return group;
}

function addPart(tree: Tree, group: Group, part: Entry, problems: Problems): void {
  const { key, value, position } = part;
  if (!isPart(key)) {
    problems.note(
      `${key} of group ${group.name} is passed over: hosts, vars and children are what a group has${partHint(part)}`,
      position,
    );
    return;
  }
  const alone = textIn(value);
  // One host, or one child, as plain text.
  const entries =
    alone === undefined
      ? entriesOf(value, part.source, problems)
      : [{ key: alone, value: null, position: part.source.position(value), source: part.source }];
  if (entries === undefined) {
    const hint = {
      hosts: 'write each host as a key: host01: { ansible_host: 192.0.2.13 }',
      vars: 'write each variable as NAME: VALUE, without a dash',
      children: 'write each group as a key: a colon after its name, no dash before it',
    }[key];
    problems.add(`${key} of group ${group.name} is a mapping, found ${kindOf(value, key)}`, position, hint);
    return;
  }
  for (const entry of entries) {
    if (key === 'vars') tree.setGroupVariable(group, variableOf(entry));
    else if (key === 'hosts') addHosts(tree, group, entry, problems);
    else {
      const child = addGroup(tree, entry, problems);
      if (child) tree.addChild(group, child, entry.position);
    }
  }
}

function partHint({ key, value }: Entry): string {
  const near = closest(key, [...PARTS]);
  if (distance(key, near) <= 2) return `; did you mean ${near}?`;
  const isVariable = /^[a-z]+_/.test(key) || (isScalar(value) && !isNothing(value));
  if (isVariable) return '; variables go below vars:';
  return value === null || isMap(value) || isScalar(value) ? '; hosts go below hosts:' : '';
}

function addHosts(tree: Tree, group: Group, entry: Entry, problems: Problems): void {
  const found = entry.key === '' ? { problem: 'there is no name' } : hostNames(entry.key);
  if ('problem' in found) {
    const hint = 'a range is [01:03] or [a:c], with a step as third part';
    problems.add(`host ${JSON.stringify(entry.key)}: ${found.problem}`, entry.position, hint);
    return;
  }
  const vars = entriesOf(entry.value, entry.source, problems);
  if (vars === undefined) {
    const text = textIn(entry.value);
    problems.add(
      `host ${entry.key} is a mapping of variables, found ${isSeq(entry.value) ? 'a list' : 'text'}`,
      entry.position,
      /^\w+:/.test(text ?? '') ? 'a space is missing after the colon' : 'write { ansible_host: ADDRESS }',
    );
    return;
  }
  const variables = vars.map(variableOf);
  for (const name of found.names)
    tree.setHostVariables(tree.addHost(name, group, entry.position, found.port), variables);
}
