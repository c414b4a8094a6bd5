import { type FileHandle, open } from 'node:fs/promises';

/** Content of a bucket by keys, as text; a bucket in it is a value, too. */
export type Bucket = ReadonlyMap<string, Buffer>;

/** Reads buckets of a bbolt file: the back end of a member, or a snapshot of it. */
export interface Bolt {
  /** undefined where there is none of that name. Throws where the file is damaged. */
  bucket(name: string): Promise<Bucket | undefined>;
}

/** Pages of 16 bytes of head, then elements of 16 bytes, then keys and values. */
const HEAD = 16;
const MAGIC = 0xed0cdaed;
const KIND = { branch: 1, leaf: 2 } as const;

/** More than all pages of what is looked for, as of a file that is damaged, or whose pages lead to one again and again. */
const MOST = 64 * 2 ** 20;

/**
 * Opens it for `work`. The root page is named by two meta pages, of which the one with the higher transaction counts.
 *
 * @example
 * await withBolt('etcd.db', async (db) => (await db.bucket('auth'))?.get('authEnabled')) // <Buffer 01>
 */
export async function withBolt<T>(path: string, work: (bolt: Bolt) => Promise<T>): Promise<T> {
  const file = await open(path);
  try {
    const first = await readAt(file, 0, 80);
    if (first.readUInt32LE(16) !== MAGIC) throw new Error(`${path} is no bbolt file`);
    const size = first.readUInt32LE(24);
    const second = await readAt(file, size, 80);
    const [a, b] = [first, second].map((meta) => ({
      root: meta.readBigUInt64LE(32),
      tx: meta.readBigUInt64LE(64),
    }));
    const isLater = second.readUInt32LE(16) === MAGIC && b!.tx > a!.tx;
    const root = isLater ? b!.root : a!.root;
    const buckets = new Map<string, Buffer>();
    await collect({ file, size, left: MOST }, root, buckets);
    return await work({
      async bucket(name) {
        const value = buckets.get(name);
        if (value === undefined) return undefined;
        const found = new Map<string, Buffer>();
        const at = value.readBigUInt64LE(0);
        // A small one lies in the place of its value.
        if (at === 0n) leaf(value.subarray(HEAD), found);
        else await collect({ file, size, left: MOST }, at, found);
        return found;
      },
    });
  } finally {
    await file.close();
  }
}

interface Pages {
  readonly file: FileHandle;
  readonly size: number;
  /** Bytes that may still be read of them. */
  left: number;
}

/** All that lies below a page. */
async function collect(pages: Pages, id: bigint, into: Map<string, Buffer>, depth = 0): Promise<void> {
  if (depth > 16) throw new Error(`page ${id}: too deep`);
  const at = Number(id) * pages.size;
  const bytes = ((await readAt(pages.file, at, HEAD)).readUInt32LE(12) + 1) * pages.size;
  pages.left -= bytes;
  if (pages.left < 0) throw new Error(`page ${id}: too much is below one`);
  const page = await readAt(pages.file, at, bytes);
  if (page.readUInt16LE(8) !== KIND.branch) return leaf(page, into);
  for (let i = 0; i < page.readUInt16LE(10); i++)
    await collect(pages, page.readBigUInt64LE(HEAD + i * HEAD + 8), into, depth + 1);
}

function leaf(page: Buffer, into: Map<string, Buffer>): void {
  if (page.readUInt16LE(8) !== KIND.leaf) throw new Error('a page is neither branch nor leaf');
  for (let i = 0; i < page.readUInt16LE(10); i++) {
    const element = HEAD + i * HEAD;
    const key = element + page.readUInt32LE(element + 4);
    const value = key + page.readUInt32LE(element + 8);
    const end = value + page.readUInt32LE(element + 12);
    into.set(page.toString('utf8', key, value), page.subarray(value, end));
  }
}

async function readAt(file: FileHandle, at: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, at);
  if (bytesRead < bytes) throw new Error(`it ends within the page at ${at}`);
  return buffer;
}
