import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withBolt } from '../../../../lib/etcd/snapshots/bolt.ts';
import { boltFile } from '../../support/bolt-file.ts';
import { scratch } from '../../support/scratch.ts';

const path = () => join(scratch(), 'x.db');

/** Its root is a branch of 14 levels; each page leads to the next one a hundred times. */
function tangled(): Buffer {
  const file = boltFile({ auth: { page: { a: '1' } } });
  const [size, levels, times] = [4096, 14, 100];
  const pages = Array.from({ length: levels }, (_, level) => {
    const page = Buffer.alloc(size);
    page.writeUInt16LE(1, 8);
    page.writeUInt16LE(times, 10);
    const next = level + 1 < levels ? file.length / size + level + 1 : 2;
    for (let i = 0; i < times; i++) page.writeBigUInt64LE(BigInt(next), 16 + 16 * i + 8);
    return page;
  });
  // The second meta page names the root.
  file.writeBigUInt64LE(BigInt(file.length / size), size + 32);
  return Buffer.concat([file, ...pages]);
}

it('reads buckets that lie within their parent, on a page, and below branches', async () => {
  const file = path();
  writeFileSync(
    file,
    boltFile({
      small: { inline: { a: '1' } },
      paged: { page: { b: '2' } },
      deep: { branch: [{ c: '3' }, { d: '4' }] },
    }),
  );
  const read = (name: string) =>
    withBolt(file, async (db) => {
      const found = await db.bucket(name);
      return found && Object.fromEntries([...found].map(([key, value]) => [key, String(value)]));
    });
  expect(await read('small')).toEqual({ a: '1' });
  expect(await read('paged')).toEqual({ b: '2' });
  expect(await read('deep')).toEqual({ c: '3', d: '4' });
  expect(await read('none')).toBeUndefined();
});

it.each([
  ['is another file', Buffer.alloc(9000, 'x')],
  ['is cut short', boltFile({ auth: { page: { a: '1' } } }).subarray(0, 9000)],
  ['has pages that lead to one again and again', tangled()],
])('throws where it %s', async (_what, bytes) => {
  const file = path();
  writeFileSync(file, bytes);
  await expect(withBolt(file, (db) => db.bucket('auth'))).rejects.toThrow();
});

it('goes by its first meta page where the second is none', async () => {
  const file = path();
  const bytes = boltFile({ auth: { page: { a: '1' } } });
  bytes.writeBigUInt64LE(2n, 32);
  bytes.fill(0xff, 4096, 4096 + 80);
  writeFileSync(file, bytes);
  expect(await withBolt(file, async (db) => (await db.bucket('auth'))?.size)).toBe(1);
});
