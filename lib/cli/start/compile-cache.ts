import { lstatSync, mkdirSync } from 'node:fs';
import nodeModule from 'node:module';
import { isAbsolute, join } from 'node:path';
import { home } from '../../whoami.ts';

/**
 * Starts Node's compile cache (22.8 and later: a third of the start-up time) in a folder of the user's own. Node's
 * usual place is in the shared /tmp, where anybody could leave code for us; without a private folder there is none.
 */
export function startCompileCache(): void {
  const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => void };
  if (enableCompileCache === undefined) return;
  const folder = privateFolder(cacheHome());
  if (folder !== undefined) enableCompileCache(folder);
}

/** `quorate` below `parent`, made 0700; undefined where it is not ours alone. */
export function privateFolder(parent: string | undefined): string | undefined {
  if (parent === undefined || process.getuid === undefined) return undefined;
  const folder = join(parent, 'quorate');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return [parent, folder].every(isOurs) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** `XDG_CACHE_HOME`, as its specification has it: a relative one does not count. */
function cacheHome(): string | undefined {
  const configured = process.env.XDG_CACHE_HOME;
  if (configured !== undefined && isAbsolute(configured)) return configured;
  return isAbsolute(home()) ? join(home(), '.cache') : undefined;
}

/** A folder (no link to one) of this user that nobody else may write to. */
function isOurs(path: string): boolean {
  const { uid, mode } = lstatSync(path);
  return (mode & 0o170000) === 0o040000 && uid === process.getuid?.() && (mode & 0o022) === 0;
}
