import { expect, it } from 'vitest';
import { wayIn } from '../../../../lib/etcd/health/authentication.ts';
import { fakeCluster } from '../../support/fake-cluster.ts';

const { cluster } = fakeCluster([{}, {}]);
const [member, other] = cluster.members as [(typeof cluster.members)[0], (typeof cluster.members)[0]];

it('the lines that let a member in are run on its own host, where it answers: closed to clients, too', () => {
  expect(wayIn(member, { certificates: [] })).toContain(
    'on etcd01: /opt/etcd/cfg/etcdctl --user=root user add etcd01 --no-password; /opt/etcd/cfg/etcdctl --user=root user grant-role etcd01 root; ',
  );
  const closed = { certificates: [], closed: true, askedAt: 'https://127.0.0.1:2379' } as const;
  expect(wayIn(member, closed)).toContain(
    'on etcd01: ETCDCTL_ENDPOINTS=https://127.0.0.1:2379 /opt/etcd/cfg/etcdctl --user=root user add etcd01 ',
  );
});

it('those of a newcomer are run where a member is', () => {
  expect(wayIn(other, { certificates: [] }, member)).toContain(
    'on etcd01: /opt/etcd/cfg/etcdctl --user=root user add etcd02 ',
  );
});
