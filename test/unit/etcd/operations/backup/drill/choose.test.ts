import { describe, expect, it } from 'vitest';
import type { Intent } from '../../../../../../lib/etcd/facts/intent.ts';
import { chooseNewest, newerThan } from '../../../../../../lib/etcd/operations/backup/drill/choose.ts';
import type { Snapshot } from '../../../../../../lib/etcd/snapshots/index.ts';
import { fakeCluster, memberStatus } from '../../../../support/fake-cluster.ts';

/** Taken at that hour, by the cluster of that ID. */
const taken = (hour: number, clusterId: string, run = 'r') => ({
  snapshot: {
    ...{ file: `prod-20261127T${hour}0000Z-r41.db`, clusterId, run, age: (24 - hour) * 3_600_000 },
  } as Snapshot,
});
const restored = (at: number, more: Partial<Intent> = {}): Intent => ({
  ...{ verb: 'restore', target: 'snapshot', runId: `20261127T${at}0000Z-1a` },
  ...{ done: `20261127T${at}0000Z-1a`, ...more },
});

describe('what is tried', () => {
  const choose = (all: ReturnType<typeof taken>[], id: string | undefined, intent?: Intent) => {
    const reading =
      id === undefined
        ? undefined
        : { healthy: true, said: '', certificates: [], status: memberStatus(1, { clusterId: id }) };
    const surveyed = fakeCluster([{ facts: { reading, intent } }]);
    return chooseNewest(surveyed, all, 'in /srv').snapshot.file.slice(14, 16);
  };

  it.each<[string, ReturnType<typeof taken>[], string | undefined, Intent | undefined, string]>([
    ['the newest', [taken(10, 'c'), taken(12, 'c')], 'c', undefined, '12'],
    [
      'the newest of this cluster, of two with its name',
      [taken(10, 'c'), taken(12, 'd')],
      'c',
      undefined,
      '10',
    ],
    ['the newest of all where nobody answers', [taken(10, 'c'), taken(12, 'd')], undefined, undefined, '12'],
    [
      'none that is dated in the future, while there is another one',
      [taken(10, 'c'), taken(30, 'c')],
      'c',
      undefined,
      '10',
    ],
    ['one from before a restore', [taken(10, 'd')], 'c', restored(11), '10'],
    ['one that the restore itself took', [taken(12, 'd', restored(11).runId)], 'c', restored(11), '12'],
  ])('is %s', (_what, all, id, intent, hour) => {
    expect(choose(all, id, intent)).toBe(hour);
  });

  it.each<[string, ReturnType<typeof taken>[], Intent | undefined]>([
    ['nothing', [], undefined],
    ['none of another cluster', [taken(12, 'd')], undefined],
    ['none of another cluster that is newer than a restore', [taken(12, 'd')], restored(11)],
    ['none where a restore was given up', [taken(10, 'd')], restored(11, { givenUp: true })],
    ['none where a restore is not done', [taken(10, 'd')], { verb: 'restore', target: 's', runId: 'r' }],
  ])('is %s: 7', (_what, all, intent) => {
    expect(() => choose(all, 'c', intent)).toThrow(expect.objectContaining({ exitCode: 7 }));
  });

  it('is newer than others, by their names', () => {
    const names = ['prod-20261127T130000Z-r1.db.age', 'prod-20261127T110000Z-r1.db', 'mine.db'];
    expect(newerThan(taken(12, 'c').snapshot, names)).toEqual([names[0]]);
  });
});
