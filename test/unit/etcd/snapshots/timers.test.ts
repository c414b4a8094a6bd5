import { expect, it, vi } from 'vitest';
import { untilTimersRest } from '../../../../lib/etcd/snapshots/timers.ts';
import { fakeCluster } from '../../support/fake-cluster.ts';

vi.mock('node:timers/promises', () => ({ setTimeout: async () => {} }));

/** Which hosts were asked, where each timer ends once it was asked so often. */
async function wait(lasts: readonly (number | undefined)[], stopping = false) {
  const asked: string[] = [];
  const cluster = fakeCluster(
    lasts.map((times, i) => ({
      facts: { backupTimer: times !== undefined },
      says: (_doing, script) => {
        expect(script).toContain('etcd-backup.service');
        const name = `etcd0${i + 1}`;
        asked.push(name);
        return asked.filter((one) => one === name).length <= (times ?? 0) ? 'activating\n' : 'inactive\n';
      },
    })),
  );
  const run = cluster.run({ stopping: () => stopping });
  await untilTimersRest(run, run.hosts);
  return { asked: asked.sort(), said: cluster.said };
}

it('waits for the snapshot that a timer is taking, and says so once', async () => {
  expect(await wait([0, 3])).toEqual({
    asked: ['etcd01', 'etcd02', 'etcd02', 'etcd02', 'etcd02'],
    said: ['etcd02: waiting for the snapshot that its timer is taking'],
  });
});

it('asks no host that has no timer', async () => {
  expect(await wait([undefined, undefined])).toEqual({ asked: [], said: [] });
});

it('waits no longer once the run is asked to end', async () => {
  expect((await wait([9], true)).asked).toEqual(['etcd01']);
});
