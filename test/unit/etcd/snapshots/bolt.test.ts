import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withBolt } from '../../../../lib/etcd/snapshots/bolt.ts';
import { boltFile } from '../../support/bolt-file.ts';
import { scratch } from '../../support/scratch.ts';

const path = () => join(scratch(), 'x.db');

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
])('throws where it %s', async (_what, bytes) => {
  const file = path();
  writeFileSync(file, bytes);
  await expect(withBolt(file, (db) => db.bucket('auth'))).rejects.toThrow();
});
