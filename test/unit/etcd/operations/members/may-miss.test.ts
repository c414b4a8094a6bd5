import { expect, it } from 'vitest';
import { membersOperation } from '../../../../../lib/etcd/operations/members/index.ts';
import { fakeCluster, listedMember, memberReading, memberStatus } from '../../../support/fake-cluster.ts';

it.each([
  ['its host', 'etcd03', ['etcd03']],
  ['its name', 'm3', ['etcd03']],
  ['its ID', '3a', ['etcd03']],
  ['another one', 'etcd02', []],
])('a host may be out of reach whose member is to leave, by %s', (_what, remove, missed) => {
  const members = [1, 2, 3].map((i) => listedMember(i));
  const works = (i: number) => ({ facts: { reading: memberReading({ status: memberStatus(i), members }) } });
  const away = { vars: { etcd_member_name: 'm3' } };
  const cluster = fakeCluster([works(1), works(2), away], { remove });
  const run = cluster.run({ hosts: cluster.hosts.slice(0, 2), unreachable: ['etcd03'] });
  expect(membersOperation().mayMiss?.(run)).toEqual(missed);
});
