import { describe, expect, it } from 'vitest';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { roll } from '../../../lib/etcd/roll.ts';
import { fakeCluster } from '../support/fake-cluster.ts';

/** Of member `i` of `count`, all healthy; the first leads. */
function answer(i: number, count: number): string {
  const members = Array.from({ length: count }, (_, at) => ({
    ID: at + 1,
    name: `etcd0${at + 1}`,
    peerURLs: [`https://10.0.0.${at + 1}:2380`],
    clientURLs: [`https://10.0.0.${at + 1}:2379`],
  }));
  const header = { cluster_id: 9, member_id: i, revision: 5 };
  const status = { header, version: '3.6.16', leader: 1, raftIndex: 9, raftTerm: 2 };
  return [
    `${MARK}@status 0\n${JSON.stringify([{ Status: status }])}`,
    `${MARK}@members 0\n${JSON.stringify({ header, members })}`,
    `${MARK}@hash 0\n${JSON.stringify([{ HashKV: { header, hash: 1, compact_revision: 1 } }])}`,
    `${MARK}@alarms 0\n{"header":{}}`,
    `${MARK}@version 0 3.6.16`,
  ].join('\n');
}

/** Takes the leader of a cluster of so many through a turn that has no plan. */
async function rolled(count: number, options: Parameters<typeof roll>[4]) {
  const done: string[] = [];
  const cluster = fakeCluster(
    Array.from({ length: count }, (_, at) => ({
      says: (doing: string) => {
        if (doing !== 'asking the member') done.push(`etcd0${at + 1}: ${doing}`);
        return doing === 'asking the member' ? answer(at + 1, count) : '';
      },
    })),
  );
  const turn = { apply: async () => void done.push('turn') };
  const error = await roll(cluster.run(), cluster, cluster.hosts.slice(0, 1), turn, options).catch(
    (thrown) => thrown,
  );
  return { done, message: error?.message ?? '' };
}

describe('a turn without a plan', () => {
  it('that restarts its member moves leadership away first', async () => {
    const { done, message } = await rolled(3, { restarts: true });
    expect([done, message]).toEqual([['etcd01: moving leadership to etcd02', 'turn'], '']);
  });

  it('that restarts its member is refused where that costs the quorum', async () => {
    const { done, message } = await rolled(2, { restarts: true });
    expect([done, message]).toEqual([[], expect.stringContaining('stopping etcd01 leaves 1')]);
  });

  it('is taken as it is otherwise', async () => {
    expect((await rolled(3, {})).done).toEqual(['turn']);
  });
});
