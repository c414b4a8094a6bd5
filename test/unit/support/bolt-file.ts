type Content = Readonly<Record<string, string | Buffer>>;

/** Where a bucket lies: in the place of its value, on a page, or on pages below a branch. */
export type Laid =
  | { readonly inline: Content }
  | { readonly page: Content }
  | { readonly branch: readonly Content[] };

const SIZE = 4096;

/** A bbolt file with these buckets: two meta pages, the second of a later transaction, and the root behind them. */
export function boltFile(buckets: Readonly<Record<string, Laid>>): Buffer {
  const pages: Buffer[] = [];
  const place = (page: Buffer) => 3 + pages.push(page) - 1;
  const root: [string, Buffer][] = Object.entries(buckets).map(([name, laid]) => {
    if ('inline' in laid) return [name, Buffer.concat([head(0), leaf(laid.inline)])];
    if ('page' in laid) return [name, head(place(leaf(laid.page)))];
    return [name, head(place(branch(laid.branch.map((content) => place(leaf(content))))))];
  });
  const all = [meta(1, 2), meta(2, 2), leaf(Object.fromEntries(root)), ...pages];
  return Buffer.concat(all.map((page) => Buffer.concat([page, Buffer.alloc(SIZE - page.length)])));
}

function meta(tx: number, root: number): Buffer {
  const page = Buffer.alloc(80);
  page.writeUInt16LE(4, 8);
  page.writeUInt32LE(0xed0cdaed, 16);
  page.writeUInt32LE(SIZE, 24);
  page.writeBigUInt64LE(BigInt(tx === 2 ? root : 99), 32);
  page.writeBigUInt64LE(BigInt(tx), 64);
  return page;
}

function head(root: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(BigInt(root));
  return bytes;
}

function leaf(content: Content): Buffer {
  const pairs = Object.entries(content).map(
    ([key, value]) => [Buffer.from(key), Buffer.from(value)] as const,
  );
  const elements = Buffer.alloc(16 + 16 * pairs.length);
  elements.writeUInt16LE(2, 8);
  elements.writeUInt16LE(pairs.length, 10);
  let at = elements.length;
  for (const [i, [key, value]] of pairs.entries()) {
    const element = 16 + 16 * i;
    elements.writeUInt32LE(at - element, element + 4);
    elements.writeUInt32LE(key.length, element + 8);
    elements.writeUInt32LE(value.length, element + 12);
    at += key.length + value.length;
  }
  return Buffer.concat([elements, ...pairs.flat()]);
}

function branch(ids: readonly number[]): Buffer {
  const page = Buffer.alloc(16 + 16 * ids.length);
  page.writeUInt16LE(1, 8);
  page.writeUInt16LE(ids.length, 10);
  for (const [i, id] of ids.entries()) page.writeBigUInt64LE(BigInt(id), 16 + 16 * i + 8);
  return page;
}
