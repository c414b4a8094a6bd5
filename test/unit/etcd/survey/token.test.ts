import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Cluster } from '../../../../lib/etcd/model/cluster.ts';
import { isDestroying } from '../../../../lib/etcd/operations/destroy/control.ts';
import { savedToken, saveToken } from '../../../../lib/etcd/survey/token.ts';
import { scratch } from '../../support/scratch.ts';

it('what control keeps is missing only where it is not there, not where it cannot be read', async () => {
  const at = (controlDir: string) => ({ name: 'c', controlDir }) as Cluster;
  const dir = scratch();
  expect([await savedToken(at(join(dir, 'none'))), await isDestroying(at(join(dir, 'none')))]).toEqual([
    undefined,
    false,
  ]);
  await saveToken(at(dir), 'c-1');
  expect(await savedToken(at(dir))).toBe('c-1');
  mkdirSync(join(dir, 'odd/bootstrap-token'), { recursive: true });
  writeFileSync(join(dir, 'file'), '');
  await expect(savedToken(at(join(dir, 'odd')))).rejects.toThrow(
    /^cannot read .*bootstrap-token on this machine/,
  );
  await expect(isDestroying(at(join(dir, 'file')))).rejects.toThrow(/^cannot read .* on this machine/);
});
