import type { Position } from '../errors.ts';
import { shownValue } from '../secret-names.ts';
import { SYNONYMS } from './names.ts';
import type { Problems } from './problems.ts';
import type { Entry } from './source.ts';
import { lineage, type Tree } from './tree.ts';

/** A variable with its value for one host and where it was said. */
export interface Setting {
  readonly value: unknown;
  /** undefined for `-e`. */
  readonly position: Position | undefined;
  /** Directory that relative paths resolve from; undefined for the current one. */
  readonly folder: string | undefined;
}

export type Settings = ReadonlyMap<string, Setting>;

/** The name that settings are kept by: Ansible has several for some of them. */
export function canonical(name: string): string {
  return Object.hasOwn(SYNONYMS, name) ? (SYNONYMS[name] as string) : name;
}

/**
 * Resolves a host's variables: groups from the outside in, then the host, then `-e`. Two groups of which
 * neither contains the other must agree; Ansible would let the alphabet decide.
 */
export function settingsOf(
  tree: Tree,
  host: string,
  extra: Settings,
  problems: Problems,
  told: Set<string>,
): Settings {
  const own = new Map<string, Setting>();
  for (const entry of tree.hosts.get(host)?.vars ?? []) {
    const key = canonical(entry.key);
    const [before, setting] = [own.get(key), toSetting(entry)];
    if (before) tellTwice(key, before, setting, problems);
    own.set(key, setting);
  }
  const settings = new Map<string, Setting>();
  for (const [key, candidates] of candidatesOf(tree, host, problems)) {
    const last = candidates.at(-1) as Candidate;
    settings.set(key, last);
    // What the host or `-e` says is not up to the groups.
    const other = candidates.find(({ value }) => JSON.stringify(value) !== JSON.stringify(last.value));
    if (other && !own.has(key) && !extra.has(key)) tellConflict(host, key, other, last, problems, told);
  }
  for (const [name, setting] of own) settings.set(name, setting);
  for (const [name, setting] of extra) settings.set(name, setting);
  return settings;
}

type Candidate = Setting & { readonly group: string };

/** What a host's groups say of each variable; where a group says it, the groups around it no longer count. */
function candidatesOf(tree: Tree, host: string, problems: Problems): ReadonlyMap<string, Candidate[]> {
  const all = new Map<string, Candidate[]>();
  for (const name of groupsOf(tree, host)) {
    for (const entry of tree.groups.get(name)?.vars ?? []) {
      const key = canonical(entry.key);
      const setting = { ...toSetting(entry), group: name };
      const before = all.get(key) ?? [];
      const last = before.at(-1);
      if (last?.group === name) tellTwice(key, last, setting, problems);
      const beside = before.filter(({ group }) => group !== name && !isAncestor(tree, group, name));
      all.set(key, [...beside, setting]);
    }
  }
  return all;
}

/** The groups of a host, `all` first, parents before children. */
export function groupsOf(tree: Tree, host: string): readonly string[] {
  const direct = [...tree.groups.values()].filter(({ hosts }) => hosts.has(host)).map(({ name }) => name);
  const names = [...new Set(['all', ...direct.flatMap((name) => lineage(tree, name))])];
  const depth = (name: string) => (name === 'all' ? -1 : longestPath(tree, name));
  return names
    .map((name, i) => ({ name, i, depth: depth(name) }))
    .sort((a, b) => a.depth - b.depth || a.i - b.i)
    .map(({ name }) => name);
}

function toSetting({ value, position, source }: Entry): Setting {
  return { value: source.plain(value), position, folder: source.folder };
}

function longestPath(tree: Tree, name: string, seen: readonly string[] = []): number {
  if (seen.includes(name)) return 0;
  const parents = [...(tree.groups.get(name)?.parents ?? [])].filter((parent) => parent !== 'all');
  return parents.length === 0
    ? 0
    : 1 + Math.max(...parents.map((parent) => longestPath(tree, parent, [...seen, name])));
}

function isAncestor(tree: Tree, above: string, name: string): boolean {
  return above === 'all' || lineage(tree, name).includes(above);
}

function tellConflict(
  host: string,
  name: string,
  one: Candidate,
  other: Candidate,
  problems: Problems,
  told: Set<string>,
): void {
  const key = `${name} ${one.group} ${other.group}`;
  if (told.has(key)) return;
  told.add(key);
  const where = one.position ? `${one.position.file}:${one.position.line}` : '';
  problems.add(
    `${name} of ${host} is ${shownValue(name, other.value)} in group ${other.group} and ${shownValue(name, one.value)} in group ${one.group} (${where}), and neither contains the other`,
    other.position,
    'say it in one of them, or on the host',
  );
}

/** One file says it twice (by two names for the same), or two files of the same group or host do. */
function tellTwice(name: string, one: Setting, other: Setting, problems: Problems): void {
  if (
    one.position?.file !== other.position?.file ||
    JSON.stringify(one.value) === JSON.stringify(other.value)
  )
    return;
  problems.add(
    `${name} is said twice: ${shownValue(name, one.value)} and ${shownValue(name, other.value)}`,
    other.position,
    'keep one of them',
  );
}

/** Jinja is not evaluated here, so a value that has some would be taken literally. */
export function refuseTemplates(
  key: string,
  value: unknown,
  position: Position | undefined,
  problems: Problems,
): void {
  if (!/\{[{%#]/.test(JSON.stringify(value) ?? '')) return;
  problems.add(
    `${key} has a Jinja expression: ${shownValue(key, value)}`,
    position,
    'write the value out; nothing is templated here',
  );
}
