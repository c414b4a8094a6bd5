import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { closest, distance } from 'fastest-levenshtein';
import { EXIT, QuorateError } from '../errors.ts';
import type { Inventory, InventoryHost } from './inventory.ts';
import { UNGROUPED } from './tree.ts';

/**
 * The hosts that an Ansible pattern names, in the order in which it names them: names, groups, wildcards, `~regex` (of
 * how a name starts), `group[0:2]`, `@file` (each line a pattern), joined by `:`, `,` or a blank; `&` keeps what both name, `!`
 * takes away. `what` says whose pattern it is. A name that nobody has, and a pattern that matches nothing, are errors.
 */
export function selectHosts(inventory: Listed, pattern: string, what: string): readonly InventoryHost[] {
  const terms = termsOf(inventory, pattern);
  if (terms.length === 0) {
    throw new QuorateError(`${what}: the pattern is empty`, {
      exitCode: EXIT.usage,
      hint: 'all names every host',
    });
  }
  const chosen = choose(inventory, withFiles(inventory, terms, what), what);
  const byName = new Map(inventory.hosts.map((host) => [host.name, host]));
  const selected = [...chosen].flatMap((name) => byName.get(name) ?? []);
  if (selected.length > 0) return selected;
  throw new QuorateError(`${what}: no host matches ${JSON.stringify(pattern)}`, {
    exitCode: EXIT.usage,
    hint: `hosts: ${names(inventory).slice(0, 8).join(', ') || 'none'}`,
  });
}

type Listed = Pick<Inventory, 'hosts' | 'groups' | 'written'>;

/** Commas, colons and blanks part terms, but not inside brackets (`a[0:2]`, `~(?:x|y)`, `~n{1,2}`) nor in an IPv6 address. */
function termsOf({ hosts }: Listed, pattern: string): readonly string[] {
  return split(pattern, /,/).flatMap((term) => {
    const name = term.replace(/^[&!]/, '');
    if (isIPv6(name) || hosts.some((host) => host.name === name)) return [term];
    return split(term, /[:\s]/);
  });
}

function split(text: string, separators: RegExp): readonly string[] {
  const terms = [''];
  let depth = 0;
  for (const char of text) {
    if ('([{'.includes(char)) depth += 1;
    if (')]}'.includes(char)) depth -= 1;
    if (depth <= 0 && separators.test(char)) terms.push('');
    else terms.push(`${terms.pop()}${char}`);
  }
  return terms.map((term) => term.trim()).filter(Boolean);
}

/** Terms with the lines of each `@file` in its place, so that `!host` there takes away from the whole. */
function withFiles(inventory: Listed, terms: readonly string[], what: string): readonly string[] {
  return terms.flatMap((term) => (/^@./.test(term) ? termsOfFile(inventory, term, what) : [term]));
}

/** What any of the plain terms names (all hosts without one), less what `!` takes away and `&` does not keep. */
function choose(inventory: Listed, terms: readonly string[], what: string): ReadonlySet<string> {
  const plain = terms.filter((term) => !/^[&!]/.test(term));
  const chosen = new Set(
    plain.length === 0 ? names(inventory) : plain.flatMap((term) => match(inventory, term, what, HOST_FIRST)),
  );
  for (const term of terms) {
    const hosts = /^[&!]/.test(term)
      ? new Set(match(inventory, term.slice(1), what, GROUP_FIRST))
      : undefined;
    if (hosts)
      for (const name of [...chosen]) if (hosts.has(name) !== term.startsWith('&')) chosen.delete(name);
  }
  return chosen;
}

/** `[0]`, `[0:2]` (the last one included), `[1:]`; negative ones count from the end. */
const SUBSCRIPT = /^(.*)\[(-?\d+)(?:([:-])(-?\d*))?\]$/;

/** When a host and a group share a name, a pattern that adds means the host, one that excludes the group, as in Ansible. */
const HOST_FIRST = true;
const GROUP_FIRST = false;

function match(inventory: Listed, term: string, what: string, hostFirst: boolean): readonly string[] {
  if (/^[@~]?$/.test(term)) {
    throw new QuorateError(`${what}: a term of the pattern is empty`, {
      exitCode: EXIT.usage,
      hint: 'after !, &, ~ and @ something must follow',
    });
  }
  if (term.startsWith('@')) return [...choose(inventory, termsOfFile(inventory, term, what), what)];
  if (term.startsWith('~')) return byExpression(inventory, expression(term.slice(1), what));
  const [, base = term, from, separator, to = ''] = SUBSCRIPT.exec(term) ?? [];
  const hosts = byName(inventory, base, hostFirst);
  if (hosts === undefined) throw unknown(inventory, base, what);
  if (from === undefined) return hosts;
  const index = (text: string) => (Number(text) < 0 ? hosts.length + Number(text) : Number(text));
  if (separator === undefined) return hosts.filter((_, i) => i === index(from));
  const end = to === '' ? hosts.length : index(to);
  return hosts.filter((_, i) => i >= index(from) && i <= end);
}

function byName(inventory: Listed, name: string, hostFirst: boolean): readonly string[] | undefined {
  const { hosts, groups } = inventory;
  const host = hosts.some((each) => each.name === name) ? [name] : undefined;
  const group = groups.get(name);
  const found = hostFirst ? (host ?? group) : (group ?? host);
  if (found) return found;
  if (!/[*?[]/.test(name)) return undefined;
  const like = byExpression(inventory, new RegExp(`^${wildcards(name)}$`, 's'));
  return like.length > 0 ? like : undefined;
}

/** As Python's fnmatch: `*`, `?`, `[ab]`, `[!ab]`. */
function wildcards(name: string): string {
  return name.replace(/\[(!?)([^\]]+)\]|[.+^${}()|[\]\\*?]/g, (found, not?: string, set?: string) => {
    if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\^]/g, '\\$&')}]`;
    return found === '*' ? '.*' : found === '?' ? '.' : `\\${found}`;
  });
}

/** Names that start with what is wanted, as by Python's `re.match`: groups' hosts first, then hosts as they are written. */
function byExpression({ groups, written }: Listed, wanted: RegExp): readonly string[] {
  const matches = (name: string) => name.search(wanted) === 0;
  const inGroups = [...groups].flatMap(([name, members]) => (matches(name) ? members : []));
  return [...new Set([...inGroups, ...written.filter(matches)])];
}

function expression(source: string, what: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    throw new QuorateError(`${what}: ${(error as Error).message}`, { exitCode: EXIT.usage });
  }
}

/** The terms of a file's lines; one with none would leave it to the others whom to choose. */
function termsOfFile(inventory: Listed, term: string, what: string): readonly string[] {
  const file = term.slice(1);
  const terms = linesOf(file, what).flatMap((line) => termsOf(inventory, line));
  const nested = terms.find((each) => /^[!&]?@/.test(each));
  if (terms.length > 0 && nested === undefined) return terms;
  throw new QuorateError(
    nested === undefined ? `${what}: ${file} names no host` : `${what}: ${file} names a file: ${nested}`,
    { exitCode: EXIT.usage, hint: 'write a pattern a line there' },
  );
}

function linesOf(file: string, what: string): readonly string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.map((line) => line.trim()).filter((line) => line && !line.startsWith('#'));
  } catch (error) {
    throw new QuorateError(`${what}: cannot read ${file}: ${(error as Error).message}`, {
      exitCode: EXIT.usage,
    });
  }
}

function unknown(inventory: Listed, name: string, what: string): QuorateError {
  const groups = [...inventory.groups].flatMap(([group, hosts]) =>
    group === UNGROUPED && hosts.length === 0 ? [] : [group],
  );
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

function names({ hosts }: Listed): readonly string[] {
  return hosts.map(({ name }) => name);
}
