import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store, StoredFile } from '../../../dsl/store.ts';
import { DIGEST_BYTES, parseSnapshot, partsOf, type Snapshot } from '../../snapshots/snapshot.ts';
import { SEALED, type Stage } from './seal.ts';
import { folderStore } from './stores/folder.ts';

/** A snapshot in a store. */
export interface Copy extends Snapshot {
  /** Its name there: that of the snapshot, with `.age` behind it where it is encrypted. */
  readonly stored: string;
}

/** Bytes that a description may have. */
const MOST = 4096;

/** What a killed run left under a passing name goes once no run can be at it any more, in milliseconds. */
const PASSED = 24 * 60 * 60 * 1000;

/** What lies beside a snapshot, encrypted or not; nothing in it is secret. */
export function descriptionOf(path: string): string {
  return path.replace(/\.db(\.age)?$/, '.json');
}

/** It is encrypted. */
export function isSealed(stored: string): boolean {
  return stored.endsWith(SEALED);
}

/** Of a snapshot once it is opened. */
export function plainName(stored: string): string {
  return isSealed(stored) ? stored.slice(0, -SEALED.length) : stored;
}

/** The copies of a cluster in a store that are described there and have their size, newest first. */
export async function copiesIn(store: Store, cluster: string): Promise<readonly Copy[]> {
  const files = new Map((await store.list()).map((file) => [file.name, file]));
  const found: Copy[] = [];
  for (const { name: stored, size } of files.values()) {
    const [file, beside] = [plainName(stored), files.get(descriptionOf(stored))];
    if (partsOf(file)?.cluster !== cluster || beside === undefined || beside.size > MOST) continue;
    const copy = parseSnapshot(file, await textOf(store, beside), Date.now());
    const bytes = (copy?.size ?? 0) + DIGEST_BYTES;
    // Encryption adds a header and some bytes to each 64 KiB.
    if (copy && (isSealed(stored) ? size > bytes : size === bytes)) found.push({ ...copy, stored });
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
export async function removeCopies(store: Store, cluster: string, stored: readonly string[]): Promise<void> {
  for (const file of stored) for (const name of [descriptionOf(file), file]) await store.remove(name);
  for (const { name, age } of await store.list()) {
    const of = /^\.(.*)\.part$/.exec(name)?.[1]?.replace(/\.(json|db\.age)$/, '.db');
    if (of !== undefined && partsOf(of)?.cluster === cluster && age > PASSED) await store.remove(name);
  }
}

/** Fetches a copy into a folder below `beside` for `work`, opened by `open` where it is encrypted, and removes it afterwards. */
export async function fetched<T>(
  store: Store,
  stored: string,
  { beside, open }: { readonly beside: string; readonly open?: Stage | undefined },
  work: (path: string) => Promise<T>,
): Promise<T> {
  const file = plainName(stored);
  await mkdir(beside, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(beside, 'fetched-'));
  try {
    const bytes = store.read(stored);
    await folderStore(folder).write(file, isSealed(stored) && open ? open(bytes) : bytes);
    return await work(join(folder, file));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
