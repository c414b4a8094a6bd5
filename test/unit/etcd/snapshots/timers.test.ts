import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { untilTimersRest } from '../../../../lib/etcd/snapshots/timers.ts';
import { fakeCluster } from '../../support/fake-cluster.ts';

vi.mock('node:timers/promises', () => ({ setTimeout: async (ms: number) => vi.advanceTimersByTime(ms) }));

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

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
  const error = await untilTimersRest(run, run.hosts).catch((reason) => reason);
  return { asked: asked.sort(), said: cluster.said, error };
}

it('waits for the snapshot that a timer is taking, and says once for how long, and how to end it', async () => {
  expect(await wait([0, 3])).toEqual({
    asked: ['etcd01', 'etcd02', 'etcd02', 'etcd02', 'etcd02'],
    said: [
      'etcd02: waiting up to 10 minutes for the snapshot that its timer is taking; ends it there: systemctl stop etcd-backup.service',
    ],
  });
});

it('asks no host that has no timer', async () => {
  expect(await wait([undefined, undefined])).toEqual({ asked: [], said: [] });
});

it('waits no longer once the run is asked to end', async () => {
  expect((await wait([9], true)).asked).toEqual(['etcd01']);
});

it('refuses after ten minutes, for each host whose timer is still at it, and says how to end that', async () => {
  const { asked, error } = await wait([3, 9999, 9999]);
  expect(asked.filter((one) => one === 'etcd01')).toHaveLength(4);
  expect(error.errors).toMatchObject(
    ['etcd02', 'etcd03'].map((host) => ({
      exitCode: 3,
      host,
      hint: expect.stringContaining('systemctl stop etcd-backup.service'),
    })),
  );
});
