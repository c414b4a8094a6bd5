import { describe, expect, it } from 'vitest';
import { runId } from '../../../../lib/dsl/common/run-id.ts';
import type { EtcdFacts } from '../../../../lib/etcd/facts/index.ts';
import type { KeptSnapshots } from '../../../../lib/etcd/snapshots/read.ts';
import { chooseTaker, snapshotStep } from '../../../../lib/etcd/snapshots/step.ts';
import {
  type FakeMember,
  fakeCluster,
  listedMember,
  memberReading,
  memberStatus,
} from '../../support/fake-cluster.ts';

const MINUTE = 60_000;
const PLENTY = 10 * 2 ** 20;

function member(
  i: number,
  change: { healthy?: boolean; down?: boolean; dbSize?: number; lost?: boolean } = {},
) {
  const { healthy = true, down = false, dbSize = 20_480, lost = false } = change;
  const status = memberStatus(i, { dbSize, ...(lost && { leaderId: '' }) });
  const reading = memberReading({ healthy, status, members: [1, 2, 3].map((one) => listedMember(one)) });
  return (down ? {} : { reading }) satisfies Partial<EtcdFacts>;
}

const room = (freeKiB: number, sharesData = true): KeptSnapshots => ({
  verified: [],
  unverified: [],
  room: { freeKiB, sharesData },
});

describe('who takes a snapshot', () => {
  it.each<[string, Parameters<typeof member>[1][], number[], string]>([
    ['a follower', [{}, {}, {}], [PLENTY, PLENTY, PLENTY], 'etcd02'],
    ['one that is healthy', [{}, { healthy: false }, {}], [PLENTY, PLENTY, PLENTY], 'etcd03'],
    ['the leader, where the others are down', [{}, { down: true }, { down: true }], [PLENTY, 0, 0], 'etcd01'],
    ['one that has room', [{}, {}, {}], [PLENTY, 1024, PLENTY], 'etcd03'],
    ['none that lost its leader', [{}, { lost: true }, { lost: true }], [PLENTY, PLENTY, PLENTY], 'etcd01'],
    ['one under an alarm, which a snapshot is for', [{ healthy: false }], [PLENTY], 'etcd01'],
  ])('%s', (_what, members, free, host) => {
    const cluster = fakeCluster(members.map((one, i) => ({ facts: member(i + 1, one) })));
    expect(
      chooseTaker(
        cluster,
        free.map((kib) => room(kib)),
      ).target.name,
    ).toBe(host);
  });

  it('one that may be asked, where etcd has users; told how before anything is begun where none may', () => {
    const denied = (i: number) => ({
      facts: { reading: memberReading({ status: memberStatus(i), said: 'etcdserver: user name not found' }) },
    });
    const some = fakeCluster([denied(1), denied(2), { facts: member(3) }]);
    expect(chooseTaker(some, [room(PLENTY), room(PLENTY), room(PLENTY)]).target.name).toBe('etcd03');
    expect(() => chooseTaker(fakeCluster([denied(1)]), [room(PLENTY)])).toThrow(
      expect.objectContaining({
        exitCode: 3,
        message: expect.stringContaining('etcdctl --user=root user add etcd01'),
      }),
    );
  });

  it('only one inside the limit', () => {
    const cluster = fakeCluster([1, 2, 3].map((i) => ({ facts: member(i), selected: i === 3 })));
    expect(chooseTaker(cluster, [room(PLENTY), room(PLENTY), room(PLENTY)]).target.name).toBe('etcd03');
  });

  it.each<[string, number, boolean, boolean]>([
    ['64 MiB and its size on a disk of its own', 65 * 1024, false, true],
    ['less', 65 * 1024 - 1, false, false],
    ['twice its size where etcd needs the disk, too', 66 * 1024, true, true],
    ['less there', 66 * 1024 - 1, true, false],
  ])('needs room: %s', (_what, kib, shared, fits) => {
    const cluster = fakeCluster([{ facts: member(1, { dbSize: 2 ** 20 }) }]);
    const choose = () => chooseTaker(cluster, [room(kib, shared)]);
    if (fits) expect(choose().target.name).toBe('etcd01');
    else
      expect(choose).toThrow(
        expect.objectContaining({ exitCode: 3, message: expect.stringContaining('no room') }),
      );
  });

  it('nobody, where no member answers: 3', () => {
    const cluster = fakeCluster([{ facts: member(1, { down: true }) }]);
    expect(() => chooseTaker(cluster, [room(PLENTY)])).toThrow('no member answers');
  });
});

describe('the step that takes one', () => {
  const found = (change: object, minutes: number, kib = PLENTY): NonNullable<FakeMember['says']> => {
    const now = 1_800_000_000;
    const time = new Date(now * 1000 - minutes * MINUTE).toISOString();
    const texts = {
      time,
      member: 'm',
      cluster: 'etcd',
      clusterId: 'c',
      sha256: 'a',
      version: '3.6.16',
      run: 'r0',
      before: 'upgrade',
    };
    const json = JSON.stringify({ ...texts, revision: 5, keys: 2, size: 1024, hash: 3, ...change });
    return () =>
      `\u001enow ${now}\n\u001eroom 1 1 /dev/a 100 50 ${kib} 5% /\n\u001edb 1056 etcd-20261127T101500Z-r5.db\n${json}\n`;
  };
  it.each<[string, object, number, boolean]>([
    ['is left out where one is young enough', {}, 14, false],
    ['is due where it is older', {}, 16, true],
    ['is due where another verb took it', { before: 'members' }, 1, true],
    ['is due where it was taken for itself', { before: undefined }, 1, true],
    ['is due where one is dated in the future', {}, -60, true],
    ['is left out where clocks differ by less than a minute', {}, -0.5, false],
    ['is due where it is of another cluster of that name', { clusterId: 'd' }, 1, true],
    ['is left out where this run took it', { run: runId(), before: undefined }, 600, false],
    ['is due where the file has another size', { size: 512 }, 1, true],
  ])('%s', async (_what, change, minutes, isDue) => {
    const says = found(change, minutes);
    const cluster = fakeCluster([1, 2, 3].map((i) => ({ facts: member(i), says })));
    const step = await snapshotStep(cluster.run(), cluster, { before: 'upgrade', within: 15 * MINUTE });
    expect(step?.host).toBe(isDue ? 'etcd02' : undefined);
  });

  it('is left out where there is no room, and one of another verb stands in, to the end of the run', async () => {
    let kib = 1024;
    const says: FakeMember['says'] = (...asked) => found({ before: 'members' }, 1, kib)(...asked);
    const cluster = fakeCluster([1, 2, 3].map((i) => ({ facts: member(i), says })));
    const run = cluster.run();
    const step = () => snapshotStep(run, cluster, { before: 'upgrade', within: 15 * MINUTE });
    expect(await step()).toBeUndefined();
    kib = PLENTY;
    expect(await step()).toBeUndefined();
  });
});
