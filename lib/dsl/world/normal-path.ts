import { posix } from 'node:path';

/** One spelling for one path: no `//`, `.`, `..`, nor a slash at its end. */
export function normalPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 ? normal.replace(/\/$/, '') : normal;
}

/** What may be a path, or a kind of thing and its path (`path /etc/motd`), by the one spelling of that; other names, and a path with more behind a blank, as they are. */
export function oneName(name: string): string {
  const [, kind = '', path = ''] = /^((?:path|tree|lines) )?(\/.*)$/s.exec(name) ?? [];
  return path === '' || path.includes(' ') ? name : `${kind}${normalPath(path)}`;
}

/** Folders above a path, `/` first. */
export function foldersAbove(path: string): readonly string[] {
  const names = path.split('/').slice(1, -1);
  return ['/', ...names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`)];
}

export function isBelow(path: string, above: string): boolean {
  return path.startsWith(above === '/' ? '/' : `${above}/`);
}
