import { describe, expect, it } from 'vitest';
import type { PlannedTask } from '../../../../../lib/dsl/play.ts';
import { refuseDowntime, takeTurn } from '../../../../../lib/etcd/operations/certs/turn.ts';
import { fakeCluster, memberReading, surveyedOf } from '../../../support/fake-cluster.ts';

describe('a restart of a member', () => {
  it.each([
    [1, '1 voters, quorum 1: restarting one leaves 0'],
    [2, '2 voters, quorum 2: restarting one leaves 1'],
  ])('with %i members is for who accepts that the cluster is down meanwhile', (size, arithmetic) => {
    const hosts = Array.from({ length: size }, () => ({}));
    expect(() => refuseDowntime(surveyedOf(hosts))).toThrow(arithmetic);
    expect(() => refuseDowntime(surveyedOf(hosts, { 'accept-downtime': true }))).not.toThrow();
  });

  it.each([3, 4, 5])('with %i members needs no such word', (size) => {
    expect(() => refuseDowntime(surveyedOf(Array.from({ length: size }, () => ({}))))).not.toThrow();
  });

  it('is planned anew, and stands behind the gate: a cluster that is not whole refuses it', async () => {
    const done: string[] = [];
    const cluster = fakeCluster([{ facts: { reading: memberReading() } }]);
    const host = {
      ...cluster.hosts[0]!,
      replan: async () => void done.push('planned'),
      apply: async (_which: (planned: PlannedTask) => boolean) => void done.push('applied'),
    };
    await expect(takeTurn(cluster.run(), cluster, host)).rejects.toMatchObject({ exitCode: 3 });
    expect(done).toEqual(['planned']);
  });
});
