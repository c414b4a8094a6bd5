import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MARK } from '../../../../../lib/dsl/shell/probe.ts';
import { findSource, isListed } from '../../../../../lib/etcd/operations/restore/source.ts';
import { fakeCluster } from '../../../support/fake-cluster.ts';
import { scratch } from '../../../support/scratch.ts';

const NAME = 'prod-20241127T101500Z-r41.db';

/** Its bytes, and the line beside it. */
function snapshot(fill: string) {
  const data = Buffer.alloc(1024, fill);
  const bytes = Buffer.concat([data, createHash('sha256').update(data).digest()]);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const line = JSON.stringify({
    ...{ time: '2024-11-27T10:15:00Z', member: 'm1', cluster: 'prod', clusterId: 'c', version: '3.5.30' },
    ...{ run: 'r', revision: 41, keys: 3, size: data.length, hash: 7, sha256 },
  });
  return { bytes, sha256, line };
}

type Made = ReturnType<typeof snapshot>;

/** Finds a snapshot where hosts have these, and this machine has `here`. */
function finder(onHosts: readonly (Made | undefined)[], here?: Made) {
  const says = (made: Made | undefined) => (doing: string) => {
    if (made === undefined) return '';
    if (doing.startsWith('bringing')) return made.bytes.toString('latin1');
    return `${MARK}now 1764000000\n${MARK}db ${made.bytes.length} ${NAME}\n${made.line}\n`;
  };
  const members = onHosts.map((made) => ({ says: says(made) }));
  const fake = fakeCluster(members, { etcd_cluster_name: 'prod' });
  const cluster = { ...fake.cluster, controlDir: scratch() };
  const hosts = fake.hosts.map((host, i) => {
    host.receive = async () => ({ code: 0, bytes: onHosts[i]?.bytes ?? Buffer.alloc(0) });
    return host;
  });
  const folder = join(cluster.controlDir, 'backups');
  if (here) {
    mkdirSync(folder);
    writeFileSync(join(folder, NAME), here.bytes);
    writeFileSync(join(folder, NAME.replace('.db', '.json')), here.line);
  }
  return { find: (from: string) => findSource(fake.run(), from, cluster, hosts), folder };
}

describe('a snapshot that is named as the list has it', () => {
  const [one, other] = [snapshot('a'), snapshot('b')];

  it('is that of the first host where all have the same', async () => {
    const source = await finder([undefined, one, one]).find(NAME);
    expect([source.sha256, source.name]).toEqual([one.sha256, `etcd02:${NAME}`]);
  });

  it('is refused where hosts have different ones, and who has them is told', async () => {
    const { find } = finder([one, other]);
    await expect(find(NAME)).rejects.toThrow(
      expect.objectContaining({
        exitCode: 3,
        message: expect.stringMatching(/etcd01:prod-.*\n.*etcd02:prod-/),
      }),
    );
    expect(isListed(`etcd02:${NAME}`)).toBe(true);
    expect((await find(`etcd02:${NAME}`)).sha256).toBe(other.sha256);
    await expect(find(`etcd03:${NAME}`)).rejects.toThrow('etcd03 has no verified snapshot');
  });

  it('of a host takes the place of no other copy on this machine', async () => {
    const { find, folder } = finder([one], other);
    await expect(find(NAME)).rejects.toThrow(/control:prod-.*\n.*etcd01:prod-/);
    expect((await find(`control:${NAME}`)).sha256).toBe(other.sha256);
    const path = await (await find(`etcd01:${NAME}`)).path();
    expect(readFileSync(path)).toEqual(one.bytes);
    expect(readFileSync(join(folder, NAME))).toEqual(other.bytes);
  });
});
