import { posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT, QuorateError } from '../../errors.ts';
import { untilde } from '../../home.ts';
import type { ReleaseRequest } from '../request.ts';
import type { Software } from '../software.ts';

/** Where a tarball is. `shown` is free of credentials and of a query, which may hold a token. */
export type Location =
  | { readonly kind: 'http'; readonly url: URL; readonly shown: string; readonly name: string }
  | { readonly kind: 'file'; readonly path: string; readonly shown: string; readonly name: string };

/** Fills in the template of a request. Anything without a scheme is a path, relative to its `baseDir` or from `~`. */
export function locate(
  { software, url: template, arch, baseDir }: Pick<ReleaseRequest, 'software' | 'url' | 'arch' | 'baseDir'>,
  version: string,
): Location {
  const text = template.replaceAll('{version}', version).replaceAll('{arch}', arch);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return fileAt(resolve(baseDir, untilde(text)));
  try {
    if (scheme === 'file') return fileAt(fileURLToPath(text));
    if (scheme === 'https' || scheme === 'http') return httpAt(new URL(text));
  } catch {
    throw badUrl(software, scheme, 'it is not a valid URL');
  }
  throw badUrl(software, scheme, 'https, http, file and paths are understood');
}

/** The file `name` in the same folder. */
export function beside(location: Location, name: string): Location {
  if (location.kind === 'file') return fileAt(resolve(location.path, '..', name));
  const url = new URL(location.url);
  url.pathname = posix.join(posix.dirname(url.pathname), name);
  return httpAt(url);
}

/** A URL as it may be shown and recorded. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function httpAt(url: URL): Location {
  const name = decodeURIComponent(posix.basename(url.pathname));
  return { kind: 'http', url, shown: shownUrl(url), name };
}

function fileAt(path: string): Location {
  return { kind: 'file', path, shown: path, name: posix.basename(path) };
}

function badUrl({ vars }: Software, scheme: string, why: string): QuorateError {
  return new QuorateError(`${vars.url} ${scheme}://… cannot be used: ${why}`, { exitCode: EXIT.usage });
}
