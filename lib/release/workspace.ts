import { mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeCache } from './cache.ts';

let counter = 0;

/**
 * Runs `work` with an empty folder inside the cache, on the same file system so that results can be moved,
 * and removes it afterwards whatever happened. Folders of processes that were killed are removed first.
 */
export async function withWorkspace<T>(
  cacheDir: string,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  await makeCache(cacheDir);
  await sweep(cacheDir);
  const directory = join(cacheDir, `${prefix()}${process.pid}-${++counter}`);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { mode: 0o700 });
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Process ids mean something on their own machine only, and a cache may be shared. */
function prefix(): string {
  return `.work-${hostname()}-`;
}

async function sweep(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(prefix())) continue;
    const pid = Number(name.slice(prefix().length).split('-')[0]);
    if (pid !== process.pid && !alive(pid)) await rm(join(cacheDir, name), { recursive: true, force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
