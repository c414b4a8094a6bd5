import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MARK } from '../../../../lib/dsl/shell/probe.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import { UNMOUNTED } from '../../../../lib/etcd/facts/unmounted.ts';
import { refuseNarrow } from '../../../../lib/etcd/operations/common/room.ts';
import type { EtcdHost } from '../../../../lib/etcd/surveyed.ts';
import { fakeCluster } from '../../support/fake-cluster.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

describe('a disk that is not mounted', () => {
  it.each(SHELLS)('is found by the tables of the host, by %s', (_name, file = 'sh', ...args) => {
    const root = scratch();
    for (const path of ['etc', 'disk/etcd', 'up/etcd', 'up here/etcd', 'a b', 'unit/wal', 'own'])
      mkdirSync(`${root}/${path}`, { recursive: true });
    symlinkSync(`${root}/disk/etcd`, `${root}/link`);
    symlinkSync(`${root}/up here`, `${root}/by link`);
    const spaced = `${root}/a b`.replaceAll(' ', '\\040');
    writeFileSync(
      `${root}/etc/fstab`,
      `# ${root}/own is none\n/dev/a / ext4 defaults 0 1\nUUID=b\t${root}/disk/ ext4 noauto\n  LABEL=c ${root}/up ext4\n#/dev/d ${root}/own ext4\nx ${spaced} ext4\n/dev/e none swap sw\n/dev/f ${root}/by\\040link ext4\n`,
    );
    writeFileSync(`${root}/etc/unit.mount`, `[Mount]\nWhat=/dev/e\nWhere=${root}/unit\n`);
    writeFileSync(
      `${root}/mounts`,
      `overlay / overlay rw 0 0\n/dev/c ${root}/up ext4 rw 0 0\n/dev/f ${root}/up\\040here ext4 rw 0 0\n`,
    );
    const unmounted = (folder: string) => {
      const here = sh`${UNMOUNTED}
q_unmounted ${folder}`.text
        .replaceAll('/etc/systemd/system', `${root}/etc`)
        .replaceAll('/etc/fstab', `${root}/etc/fstab`)
        .replaceAll('/proc/self/mounts', `${root}/mounts`);
      return execFileSync(file, [...args, '-c', here], { encoding: 'utf8' })
        .split('\n')
        .filter(Boolean);
    };
    expect(unmounted(`${root}/disk/etcd/default`)).toEqual([`${root}/disk`]);
    expect(unmounted(`${root}/disk`)).toEqual([`${root}/disk`]);
    expect(unmounted(`${root}/link/default`)).toEqual([`${root}/disk`]);
    expect(unmounted(`${root}/a b/etcd`)).toEqual([`${root}/a b`]);
    expect(unmounted(`${root}/unit/wal`)).toEqual([`${root}/unit`]);
    for (const fine of ['up/etcd', 'by link/etcd', 'own/etcd', 'disks'])
      expect(unmounted(`${root}/${fine}`)).toEqual([]);
  });

  it('has its host refused where data is to come, unless a member runs there', async () => {
    const needs = [{ folder: '/srv/etcd', kib: 1, what: 'data' }];
    const says = () =>
      [`room 1 /dev/x 99999999 1 99999999 1% /`, 'unmounted /srv'].map((one) => `${MARK}${one}\n`).join('');
    const { hosts } = fakeCluster([
      { facts: { service: 'inactive' }, says },
      { facts: { service: 'active' }, says },
    ]);
    const [rests, runs] = hosts as readonly EtcdHost[];
    await expect(refuseNarrow(rests!, needs)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/^etcd01: \/srv is for a disk.*nothing is mounted there/),
      hint: expect.stringContaining('mount /srv, or start its unit;'),
    });
    await expect(refuseNarrow(runs!, needs)).resolves.toBeUndefined();
  });
});
