import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

/** What lies beside inventories and is none. */
const BESIDE = /^(group_vars|host_vars|node_modules)$|(~|\.bak|\.md|\.txt|\.swp|\.orig)$/;

/**
 * Paths that a pattern of a shell names: `*`, `?`, `[ab]`, `{a,b}` and `**`; a path without any of these is itself, also
 * where there is no such file. Numbers count as numbers: `c2` comes before `c10`.
 */
export function expand(pattern: string): readonly string[] {
  const found = braces(pattern).flatMap((one) => (MAGIC.test(one) ? matching(one) : [one]));
  return [...new Set(found)];
}

const MAGIC = /[*?[]/;

function braces(pattern: string): readonly string[] {
  const [whole, inner] = /\{([^{}]*,[^{}]*)\}/.exec(pattern) ?? [];
  if (whole === undefined || inner === undefined) return [pattern];
  return inner.split(',').flatMap((word) => braces(pattern.replace(whole, () => word)));
}

function matching(pattern: string): readonly string[] {
  const start = pattern.startsWith('/') ? '/' : '';
  const parts = pattern.split('/').filter((part) => part !== '' && part !== '.');
  return walk(start, parts).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function walk(folder: string, [part, ...rest]: readonly string[]): string[] {
  if (part === undefined) return [];
  const step = (path: string): string[] =>
    rest.length === 0 ? [path] : isFolder(path) ? walk(path, rest) : [];
  if (part === '**') {
    // As in a shell, links are not followed: one may lead to a folder above.
    const below = entries(folder).filter((name) => !name.startsWith('.') && isOwnFolder(join(folder, name)));
    return [...walk(folder, rest), ...below.flatMap((name) => walk(join(folder, name), [part, ...rest]))];
  }
  if (!MAGIC.test(part)) {
    const path = join(folder, part);
    return statOf(path) ? step(path) : [];
  }
  const form = formOf(part);
  const named = entries(folder).filter(
    (name) => form.test(name) && (!name.startsWith('.') || part.startsWith('.')),
  );
  return named.flatMap((name) => step(join(folder, name)));
}

function formOf(part: string): RegExp {
  const source = part.replaceAll(/\*+|\?|\[!?[^\]]+\]|[^*?[]+|\[/g, (piece) => {
    if (piece.startsWith('*')) return '.*';
    if (piece === '?') return '.';
    return (piece.startsWith('[') && classOf(piece)) || piece.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}

/** A class as a RegExp has it; undefined for what is none, as `[z-a]`, which stands for itself. */
function classOf(piece: string): string | undefined {
  const source = piece.replace('[!', '[^').replaceAll('\\', '\\\\');
  try {
    new RegExp(source);
    return source;
  } catch {
    return undefined;
  }
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder === '' ? '.' : folder).filter((name) => !BESIDE.test(name));
  } catch {
    return [];
  }
}

function isFolder(path: string): boolean {
  return statOf(path === '' ? '.' : path)?.isDirectory() === true;
}

function isOwnFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** undefined for what is not there, lies where nobody may look, or is a link to itself. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
