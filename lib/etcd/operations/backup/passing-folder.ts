import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Machine and process are part of the name: containers may share the folder, and not their processes. */
const OURS = `passing-${hostname().replace(/[^A-Za-z0-9.]/g, '')}-`;

/**
 * Makes a folder below `beside` for an opened snapshot, private, which goes with this process at the latest; see
 * `clearPassed`. Resolves to its path, and to what takes it away.
 */
export async function passingFolder(
  beside: string,
): Promise<{ readonly path: string; readonly remove: () => void }> {
  await mkdir(beside, { recursive: true, mode: 0o700 });
  await clearPassed(beside);
  const path = await mkdtemp(join(beside, `${OURS}${process.pid}-`));
  const clear = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', clear);
  return {
    path,
    remove() {
      process.off('exit', clear);
      clear();
    },
  };
}

/** Takes away what killed processes of this machine have left there. */
export async function clearPassed(beside: string): Promise<void> {
  for (const name of await readdir(beside).catch(() => [])) {
    const pid = name.startsWith(OURS) ? /^\d+(?=-)/.exec(name.slice(OURS.length))?.[0] : undefined;
    if (pid !== undefined && !lives(Number(pid)))
      await rm(join(beside, name), { recursive: true, force: true });
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
