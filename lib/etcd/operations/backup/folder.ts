import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EXIT, QuorateError } from '../../../errors.ts';
import { DIGEST_BYTES, parseSnapshot, partsOf, type Snapshot } from '../../snapshots/snapshot.ts';
import { descriptionOf } from './bring.ts';

/** A folder of this machine that copies go to. */
export async function openFolder(path: string): Promise<string> {
  const folder = resolve(path);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new QuorateError(`cannot make ${folder} on this machine: ${(error as Error).message}`, {
      exitCode: EXIT.failed,
      hint: 'name a folder with --to that you may write to',
    });
  }
  return folder;
}

/** The copies of a cluster in a folder that are described there and have their size, newest first; none where it is not there. */
export async function copiesIn(folder: string, cluster: string): Promise<readonly Snapshot[]> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names.filter((name) => partsOf(name)?.cluster === cluster).map((name) => copyIn(folder, name)),
  );
  return found.flatMap((one) => one ?? []).sort((a, b) => a.age - b.age);
}

async function copyIn(folder: string, file: string): Promise<Snapshot | undefined> {
  try {
    const path = join(folder, file);
    const [text, { size }] = await Promise.all([readFile(descriptionOf(path), 'utf8'), stat(path)]);
    const copy = parseSnapshot(file, text, Date.now());
    return copy && copy.size + DIGEST_BYTES === size ? copy : undefined;
  } catch {
    return undefined;
  }
}

/** Takes copies away, the description first. */
export async function removeCopies(folder: string, files: readonly string[]): Promise<void> {
  for (const file of files)
    for (const path of [descriptionOf(join(folder, file)), join(folder, file)])
      await rm(path, { force: true });
}
