import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MARK } from '../../../../../lib/dsl/probe.ts';
import type { EtcdFacts } from '../../../../../lib/etcd/facts/index.ts';
import { operationPlay } from '../../../../../lib/etcd/operations/common/operation.ts';
import { restoreOperation } from '../../../../../lib/etcd/operations/restore/index.ts';
import { readCa } from '../../../../../lib/pki/index.ts';
import { open } from '../../../pki/support.ts';
import { fakeCluster } from '../../../support/fake-cluster.ts';
import { scratch } from '../../../support/scratch.ts';

/** KiB of the snapshot. */
const SIZE = 1024;

/** A host whose member does not run, as a restore finds it and leaves it. */
interface Disk {
  free: number;
  prepared: boolean;
  placed: boolean;
}

/** A snapshot without a description, as etcd writes it. */
function snapshotFile(fill = 'snapshot'): { path: string; target: string } {
  const data = Buffer.alloc(SIZE * 1024, fill);
  const bytes = Buffer.concat([data, createHash('sha256').update(data).digest()]);
  const path = join(scratch(), 'mine.db');
  writeFileSync(path, bytes);
  return { path, target: `snapshot sha256:${createHash('sha256').update(bytes).digest('hex')}` };
}

/** Runs it over hosts with these disks until `starting etcd` fails, which nobody here does. */
async function restores(disks: readonly Partial<Disk>[], flags: Readonly<Record<string, unknown>>) {
  const dir = scratch();
  await (await open(dir)).ensureCa();
  const all = disks.map((one): Disk => ({ free: 1 << 20, prepared: false, placed: false, ...one }));
  const facts: Partial<EtcdFacts> = {
    owner: 'cluster etcd',
    caPem: await readCa(dir),
    data: 'present',
    service: 'inactive',
    installed: '3.6.16',
  };
  const cluster = fakeCluster(
    all.map((disk) => ({ facts, says: (doing) => said(doing, disk) })),
    { etcd_pki_dir: dir, ...flags },
  );
  cluster.hosts.forEach((host, i) => {
    const { act } = host;
    const disk = all[i] as Disk;
    host.act = async (doing, shell) => {
      if (doing === 'starting etcd') return { code: 1, out: 'enough' };
      if (doing === 'restoring it beside the data')
        Object.assign(disk, { prepared: true, free: disk.free - SIZE });
      if (doing === 'putting the restored data in place')
        Object.assign(disk, { prepared: false, placed: true });
      return act(doing, shell);
    };
  });
  const { strategy } = operationPlay(restoreOperation());
  const run = cluster.run();
  let error: { message: string; hint?: string; exitCode?: number } | undefined;
  try {
    await strategy.admit?.(run);
    await strategy.converge(run);
  } catch (thrown) {
    error = thrown as typeof error;
  }
  return { disks: all, steps: cluster.steps, message: error?.message ?? '', exitCode: error?.exitCode };
}

function said(doing: string, { free, prepared, placed }: Disk): string {
  const lines = (some: readonly string[]) => some.map((one) => `${MARK}${one}\n`).join('');
  if (doing === 'looking how far it has come')
    return lines(['tool /x/etcdutl', ...(prepared ? ['prepared'] : []), ...(placed ? ['placed'] : [])]);
  if (doing === 'reading its snapshots') return lines(['now 9', `room 1 1 /dev/x 99999999 1 ${free} 1% /`]);
  return '';
}

describe('the room that a restore wants', () => {
  it('is looked for before anything is changed', async () => {
    const { message, exitCode, steps } = await restores([{}, { free: 1024 }, {}], {
      from: snapshotFile().path,
    });
    expect([exitCode, message]).toEqual([3, expect.stringContaining('etcd02')]);
    expect(steps).toEqual([]);
  });

  it('is not asked for again by a host that has used it', async () => {
    const enough = 2 * SIZE + 64 * 1024 + 1;
    const { message, disks } = await restores([{ free: enough }, { free: enough }, {}], {
      from: snapshotFile().path,
    });
    expect(message).toContain('starting etcd failed');
    expect(disks.map(({ placed }) => placed)).toEqual([true, true, true]);
  });
});
