import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../../../lib/etcd/model/cluster.ts';
import { purgeControl } from '../../../../../lib/etcd/operations/destroy/control.ts';
import { scratch } from '../../../support/scratch.ts';

/** A folder with the cluster `a` of `a.yaml`; gives its `.quorate`, and what of these paths is left behind a purge. */
async function purged(...paths: readonly string[]) {
  const all = join(scratch(), '.quorate');
  mkdirSync(join(all, 'a/pki'), { recursive: true });
  for (const path of paths) {
    mkdirSync(join(all, path, '..'), { recursive: true });
    writeFileSync(join(all, path), '');
  }
  await purgeControl({ controlDir: join(all, 'a') } as Cluster, ['a.yaml']);
  return { all, left: paths.filter((path) => existsSync(join(all, path))) };
}

describe('records of runs', () => {
  it('go with the last cluster, and the folder with them', async () => {
    const { all, left } = await purged('runs/a.yaml/x.jsonl', 'runs/a.yaml/.gitignore', 'runs/old.jsonl');
    expect([left, existsSync(all)]).toEqual([[], false]);
  });

  it('of another inventory of the folder stay', async () => {
    const { left } = await purged('runs/a.yaml/x.jsonl', 'runs/b.yaml/x.jsonl', 'runs/old.jsonl');
    expect(left).toEqual(['runs/b.yaml/x.jsonl', 'runs/old.jsonl']);
  });

  it('stay as long as another cluster does', async () => {
    const { left } = await purged('runs/a.yaml/x.jsonl', 'b/pki/ca.pem');
    expect(left).toEqual(['runs/a.yaml/x.jsonl', 'b/pki/ca.pem']);
  });
});
