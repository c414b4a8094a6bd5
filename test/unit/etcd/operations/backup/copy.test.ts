import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyTo } from '../../../../../lib/etcd/operations/backup/copy.ts';
import { folderStore } from '../../../../../lib/etcd/operations/backup/stores/folder.ts';
import type { Snapshot } from '../../../../../lib/etcd/snapshots/index.ts';
import { fakeCluster } from '../../../support/fake-cluster.ts';
import { scratch } from '../../../support/scratch.ts';

const BYTES = 'x'.repeat(40);
const KEEP = { hours: 1, days: 0, weeks: 0, months: 0 };

function snapshot(hour: number, clusterId: string): Snapshot {
  const sha256 = createHash('sha256').update(BYTES).digest('hex');
  return {
    ...{ file: `prod-20241127T${hour}0000Z-r41.db`, time: `2024-11-27T${hour}:00:00Z`, cluster: 'prod' },
    ...{ member: 'etcd01', clusterId, revision: 41, keys: 3, size: 8, hash: 7, sha256 },
    ...{ version: '3.5.30', run: 'r', age: 0 },
  };
}

describe('a copy that is brought', () => {
  function place(...there: Snapshot[]) {
    const folder = scratch();
    for (const one of there) {
      writeFileSync(join(folder, one.file), BYTES);
      writeFileSync(join(folder, one.file.replace('.db', '.json')), JSON.stringify(one));
    }
    const cluster = fakeCluster([{ says: () => BYTES }]);
    const [host] = cluster.hosts;
    const bring = (store = folderStore(folder)) =>
      copyTo(cluster.run(), host!, snapshot(15, 'c'), { store, to: folder, seal: undefined, keep: KEEP });
    const names = () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.db'))
        .sort();
    return { folder, bring, names, said: cluster.said };
  }

  it('thins those of its own cluster, and says that others of its name are there', async () => {
    const [own, other] = [snapshot(10, 'c'), snapshot(11, 'd')];
    const { bring, names, said } = place(own, other);
    await bring();
    expect(names()).toEqual([other.file, snapshot(15, 'c').file]);
    expect(said).toEqual([expect.stringMatching(/1 of the copies in .* another ID/)]);
  });

  it.each<[string, (name: string) => boolean]>([
    ['the snapshot', (name) => name.endsWith('.db')],
    ['its description', (name) => name.endsWith('.json')],
  ])('and of which %s is not there afterwards costs no other', async (_what, drops) => {
    const { bring, names, folder } = place(snapshot(10, 'c'));
    const store = folderStore(folder);
    const write: typeof store.write = async (name, bytes) => {
      if (!drops(name)) return store.write(name, bytes);
      for await (const _ of bytes);
    };
    await expect(bring({ ...store, write })).rejects.toThrow(expect.objectContaining({ exitCode: 2 }));
    expect(names()).toContain(snapshot(10, 'c').file);
  });
});
