import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store, StoredFile } from '../../../dsl/store.ts';
import { DIGEST_BYTES, parseSnapshot, partsOf, type Snapshot } from '../../snapshots/snapshot.ts';
import { folderStore } from './stores/folder.ts';

/** Bytes that a description may have. */
const MOST = 4096;

/** What a killed run left under a passing name goes once no run can be at it any more, in milliseconds. */
const PASSED = 24 * 60 * 60 * 1000;

/** What lies beside a snapshot. */
export function descriptionOf(path: string): string {
  return path.replace(/\.db$/, '.json');
}

/** The copies of a cluster in a store that are described there and have their size, newest first. */
export async function copiesIn(store: Store, cluster: string): Promise<readonly Snapshot[]> {
  const files = new Map((await store.list()).map((file) => [file.name, file]));
  const found: Snapshot[] = [];
  for (const file of files.values()) {
    const beside = files.get(descriptionOf(file.name));
    if (partsOf(file.name)?.cluster !== cluster || beside === undefined || beside.size > MOST) continue;
    const copy = parseSnapshot(file.name, await textOf(store, beside), Date.now());
    if (copy && copy.size + DIGEST_BYTES === file.size) found.push(copy);
  }
  return found.sort((a, b) => a.age - b.age);
}

async function textOf(store: Store, { name }: StoredFile): Promise<string> {
  const parts: Uint8Array[] = [];
  // One that goes while it is read is none.
  try {
    for await (const part of store.read(name)) parts.push(part);
  } catch {
    return '';
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Takes copies away, the description first, and what killed runs have left of copies of this cluster. */
export async function removeCopies(store: Store, cluster: string, files: readonly string[]): Promise<void> {
  for (const file of files) for (const name of [descriptionOf(file), file]) await store.remove(name);
  for (const { name, age } of await store.list()) {
    const of = /^\.(.*)\.part$/.exec(name)?.[1]?.replace(/\.json$/, '.db');
    if (of !== undefined && partsOf(of)?.cluster === cluster && age > PASSED) await store.remove(name);
  }
}

/** Fetches a copy into a folder below `beside` for `work`, and removes it afterwards. */
export async function fetched<T>(
  store: Store,
  file: string,
  beside: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  await mkdir(beside, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(beside, 'fetched-'));
  try {
    await folderStore(folder).write(file, store.read(file));
    return await work(join(folder, file));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
