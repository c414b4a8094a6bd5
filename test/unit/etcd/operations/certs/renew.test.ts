import { describe, expect, it } from 'vitest';
import { namesMeant } from '../../../../../lib/etcd/operations/certs/renew.ts';
import { fakeCluster } from '../../../support/fake-cluster.ts';

describe('whose certificates are meant', () => {
  const cluster = fakeCluster([
    { vars: { etcd_member_name: 'm1' } },
    { vars: { etcd_member_name: 'patroni' } },
  ]);

  it('a host may be called as its member, and a client comes before such a name', () => {
    expect(namesMeant(cluster, ['m1', 'etcd02', 'patroni'], ['patroni'])).toEqual([
      'etcd01',
      'etcd02',
      'patroni',
    ]);
    expect(namesMeant(cluster, ['patroni'], [])).toEqual(['etcd02']);
  });

  it('nobody else is', () => {
    expect(() => namesMeant(cluster, ['m1', 'm9'], ['patroni'])).toThrow(
      'no host or client of that name: m9',
    );
  });
});
