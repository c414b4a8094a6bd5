import { expect, it } from 'vitest';
import { upgradeState, wrongWith } from '../../../../../lib/etcd/operations/upgrade/state.ts';
import { fakeCluster, memberReading, memberStatus } from '../../../support/fake-cluster.ts';

it.each([
  ['up: one that has not written it yet decides', undefined, '3.6'],
  ['down: the same', '3.6.0', '3.7'],
] as const)('data counts as written on the way %s', async (_way, goingDownTo, storedAs) => {
  const cluster = fakeCluster(
    ['3.6.0', '3.7.0', '3.7.0'].map((storageVersion, i) => {
      const status = memberStatus(i, { storageVersion, ...(goingDownTo && { goingDownTo }) });
      return { facts: { reading: memberReading({ status }) } };
    }),
  );
  expect((await upgradeState(cluster.run(), cluster)).storedAs).toBe(storedAs);
});

it('what is wrong names the way out: nothing else renews a certificate while another version is wanted', async () => {
  const ended = { file: 'peer.pem' as const, from: new Date(0), until: new Date(1), names: [], lacks: [] };
  const hash = { hash: 7, revision: 3, compacted: -1 };
  const reading = (i: number, certificates: (typeof ended)[]) =>
    memberReading({ certificates, hash, status: memberStatus(i) });
  const cluster = fakeCluster([
    { facts: { service: 'active', reading: reading(0, [ended]) } },
    { facts: { service: 'active', reading: reading(1, []) } },
    { facts: { service: 'inactive' } },
  ]);
  const wrong = await wrongWith(cluster.run(), cluster);
  expect(wrong?.message).toContain('peer.pem ended 1970-01-01');
  expect(wrong?.hint).toMatch(/certs\S* --renew etcd01 makes/);
});
