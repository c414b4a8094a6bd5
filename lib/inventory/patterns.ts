import { readFileSync } from 'node:fs';
import { closest, distance } from 'fastest-levenshtein';
import { EXIT, QuorateError } from '../errors.ts';
import type { Inventory, InventoryHost } from './index.ts';

/**
 * The hosts that an Ansible pattern names, in inventory order: names, groups, wildcards, `~regex`,
 * `group[0:2]`, `@file`, joined by `:` or `,`; `&` keeps what both name, `!` takes away. `what` says whose
 * pattern it is. A name that nobody has, and a pattern that matches nothing, are errors.
 */
export function selectHosts(inventory: Inventory, pattern: string, what: string): readonly InventoryHost[] {
  const terms = termsOf(pattern);
  if (terms.length === 0) {
    throw new QuorateError(`${what}: the pattern is empty`, {
      exitCode: EXIT.usage,
      hint: 'all names every host',
    });
  }
  const plain = terms.filter((term) => !/^[&!]/.test(term));
  const start = plain.length === 0 ? new Set(names(inventory)) : new Set<string>();
  for (const term of plain) for (const name of match(inventory, term, what)) start.add(name);
  for (const term of terms) {
    const hosts = /^[&!]/.test(term) ? new Set(match(inventory, term.slice(1), what)) : undefined;
    if (hosts)
      for (const name of [...start]) if (hosts.has(name) !== term.startsWith('&')) start.delete(name);
  }
  const selected = inventory.hosts.filter(({ name }) => start.has(name));
  if (selected.length > 0) return selected;
  throw new QuorateError(`${what}: no host matches ${JSON.stringify(pattern)}`, {
    exitCode: EXIT.usage,
    hint: `hosts: ${names(inventory).slice(0, 8).join(', ') || 'none'}`,
  });
}

/** Commas and colons part terms, but not inside brackets: `a[0:2]`, `~(?:x|y)`, `~n{1,2}`. */
function termsOf(pattern: string): readonly string[] {
  const terms = [''];
  let depth = 0;
  for (const char of pattern) {
    if ('([{'.includes(char)) depth += 1;
    if (')]}'.includes(char)) depth -= 1;
    if (depth <= 0 && (char === ',' || char === ':')) terms.push('');
    else terms.push(`${terms.pop()}${char}`);
  }
  return terms.map((term) => term.trim()).filter(Boolean);
}

/** `[0]`, `[0:2]` (the last one included), `[1:]`; negative ones count from the end. */
const SUBSCRIPT = /^(.*)\[(-?\d+)(?:([:-])(-?\d*))?\]$/;

function match(inventory: Inventory, term: string, what: string): readonly string[] {
  if (/^[@~]?$/.test(term)) {
    throw new QuorateError(`${what}: a term of the pattern is empty`, {
      exitCode: EXIT.usage,
      hint: 'after !, &, ~ and @ something must follow',
    });
  }
  if (term.startsWith('@')) return fromFile(inventory, term.slice(1), what);
  if (term.startsWith('~')) return byExpression(inventory, expression(term.slice(1), what));
  const [, base = term, from, separator, to = ''] = SUBSCRIPT.exec(term) ?? [];
  const hosts = byName(inventory, base);
  if (hosts === undefined) throw unknown(inventory, base, what);
  if (from === undefined) return hosts;
  const index = (text: string) => (Number(text) < 0 ? hosts.length + Number(text) : Number(text));
  if (separator === undefined) return hosts.filter((_, i) => i === index(from));
  const end = to === '' ? hosts.length : index(to);
  return hosts.filter((_, i) => i >= index(from) && i <= end);
}

function byName({ hosts, groups }: Inventory, name: string): readonly string[] | undefined {
  if (name === 'all' || name === '*') return hosts.map((host) => host.name);
  const group = groups.get(name);
  if (group) return group;
  if (hosts.some((host) => host.name === name)) return [name];
  if (!/[*?]/.test(name)) return undefined;
  const source = name
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const found = byExpression({ hosts, groups } as Inventory, new RegExp(`^${source}$`));
  return found.length > 0 ? found : undefined;
}

function byExpression({ hosts, groups }: Inventory, wanted: RegExp): readonly string[] {
  const inGroups = [...groups].flatMap(([name, members]) => (wanted.test(name) ? members : []));
  return [...new Set([...inGroups, ...hosts.map(({ name }) => name).filter((name) => wanted.test(name))])];
}

function expression(source: string, what: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    throw new QuorateError(`${what}: ${(error as Error).message}`, { exitCode: EXIT.usage });
  }
}

function fromFile(inventory: Inventory, file: string, what: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new QuorateError(`${what}: cannot read ${file}: ${(error as Error).message}`, {
      exitCode: EXIT.usage,
    });
  }
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line && !line.startsWith('#'))
    .flatMap((line) => match(inventory, line, what));
}

function unknown(inventory: Inventory, name: string, what: string): QuorateError {
  const groups = [...inventory.groups.keys()];
  const known = [...groups, ...names(inventory)];
  // Hosts first: of several that are equally near the first one is taken.
  const near = known.length > 0 ? closest(name, [...names(inventory), ...groups]) : '';
  const hint =
    near && distance(name, near) <= 3
      ? `did you mean ${near}?`
      : `known: ${known.slice(0, 8).join(', ') || 'nothing'}`;
  return new QuorateError(`${what}: ${JSON.stringify(name)} is neither a host nor a group`, {
    exitCode: EXIT.usage,
    hint,
  });
}

function names({ hosts }: Inventory): readonly string[] {
  return hosts.map(({ name }) => name);
}
