import { expect, it } from 'vitest';
import { upgradeState } from '../../../../../lib/etcd/operations/upgrade/state.ts';
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
