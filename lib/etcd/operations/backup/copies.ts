import { join } from 'node:path';
import type { Store, StoredFile } from '../../../dsl/source/store.ts';
import { byAge, DIGEST_BYTES, parseSnapshot, partsOf, type Snapshot } from '../../snapshots/snapshot.ts';
import { passingFolder } from './passing-folder.ts';
import { SEALED, type Stage } from './seal.ts';
import { folderStore } from './stores/folder.ts';

/** A snapshot in a store. */
export interface Copy extends Snapshot {
  /** Its name there: that of the snapshot, with `.age` after it where it is encrypted. */
  readonly stored: string;
}

/** What a store has of a cluster, by its name. */
interface KeptCopies {
  /** Described, and of their size; newest first. */
  readonly verified: readonly Copy[];
  /** Names there of the others: cut short, not described, or described as something else. */
  readonly unverified: readonly string[];
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

/** The copies in a store that have the name of a cluster. Throws what the store says where a description is not to be had. */
export async function copiesIn(store: Store, cluster: string): Promise<KeptCopies> {
  const files = new Map((await store.list()).map((file) => [file.name, file]));
  const verified: Copy[] = [];
  const unverified: string[] = [];
  for (const file of files.values()) {
    if (partsOf(plainName(file.name))?.cluster !== cluster) continue;
    const described = await describedAs(store, file, files.get(descriptionOf(file.name)));
    if (described?.whole) verified.push(described.copy);
    else unverified.push(file.name);
  }
  return { verified: verified.sort(byAge), unverified: unverified.sort() };
}

/** What a description says of the file it lies beside, and whether that has the size of it. */
interface Described {
  readonly copy: Copy;
  readonly whole: boolean;
}

/** One file of a store, with what lies beside it; undefined where it is not there. */
export async function copyCalled(
  store: Store,
  stored: string,
): Promise<{ readonly size: number; readonly described: Described | undefined } | undefined> {
  const files = await store.list();
  const file = files.find(({ name }) => name === stored);
  if (file === undefined) return undefined;
  const beside = files.find(({ name }) => name === descriptionOf(stored));
  return { size: file.size, described: await describedAs(store, file, beside) };
}

async function describedAs(
  store: Store,
  { name: stored, size }: StoredFile,
  beside: StoredFile | undefined,
): Promise<Described | undefined> {
  const text = beside && beside.size <= MOST ? await textOf(store, beside) : '';
  const snapshot = parseSnapshot(plainName(stored), text, Date.now());
  return snapshot && { copy: { ...snapshot, stored }, whole: hasSize(snapshot, stored, size) };
}

/** Encryption adds a header of no fixed length, a nonce, and 16 bytes to each 64 KiB. */
function hasSize({ size }: Snapshot, stored: string, found: number): boolean {
  const bytes = size + DIGEST_BYTES;
  return isSealed(stored) ? found > bytes + 16 + 16 * Math.ceil(bytes / 2 ** 16) : found === bytes;
}

async function textOf(store: Store, { name }: StoredFile): Promise<string> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of store.read(name)) parts.push(part);
  } catch (error) {
    // One that goes while it is read is none; what cannot be read is not a reason to say that.
    if ((await store.list()).some((one) => one.name === name)) throw error;
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
  const { path: folder, remove } = await passingFolder(beside);
  try {
    const bytes = store.read(stored);
    await folderStore(folder).write(file, isSealed(stored) && open ? open(bytes) : bytes);
    return await work(join(folder, file));
  } finally {
    remove();
  }
}
