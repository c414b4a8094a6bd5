import { expect, it } from 'vitest';
import { clusterState } from '../../../../lib/etcd/health/cluster-state.ts';
import { memberReading, surveyedOf } from '../../support/fake-cluster.ts';

const inDays = (days: number) => new Date(Date.now() + (days + 0.5) * 86_400_000);

it.each([
  ['the CA that ends first', [200, 20, undefined], 20],
  ['one that is over', [-3, 20, 20], -3],
  ['none that could be read', [undefined, undefined, undefined], null],
])('the days of the CA are those of %s', (_which, ends, expected) => {
  const { cluster } = surveyedOf([{}, {}, {}]);
  const answers = cluster.members.map((member, i) => ({
    member,
    reading: memberReading(),
    caEnd: ends[i] === undefined ? undefined : inDays(ends[i]),
  }));
  expect(clusterState('etcd', answers, []).caDays).toBe(expected);
});
