import { afterEach, expect, it, vi } from 'vitest';
import { type Hands, heed, isInHand, now } from '../../../../lib/fleet/redis/hands.ts';
import type { QueuedJob } from '../../../../lib/fleet/redis/queues.ts';

afterEach(() => void vi.useRealTimers());

/** A Redis that knows of no worker, and says what time it is. */
const redisAt = (at: { ms: number }) => ({
  time: async () => [Math.floor(at.ms / 1000), (at.ms % 1000) * 1000],
  get: async () => null,
});

it('the clock of Redis is read to the millisecond', async () => {
  expect(await now({ redis: redisAt({ ms: 1_700_000_000_250 }) } as never)).toBe(1_700_000_000_250);
});

it('how long a job is lost is told by the clock of Redis, whatever those of workers say', async () => {
  const at = { ms: 5_000_250 };
  const job = { id: 'j', stalledCounter: 1, progress: { status: 'running', worker: 'w1' }, data: {} };
  const updateData = async (data: object) => Object.assign(job, { data });
  const hands = (name: string) =>
    ({
      name,
      underWay: new Map(),
      queues: { redis: redisAt(at), jobs: { getJob: async () => job } },
    }) as unknown;
  const look = (name: string) =>
    isInHand(hands(name) as Hands, { ...job, updateData } as unknown as QueuedJob);
  vi.useFakeTimers({ now: new Date('2031-01-01') });
  expect(await look('w2')).toBe(true);
  vi.setSystemTime(new Date('2021-01-01'));
  at.ms += 1000;
  expect(await look('w3')).toBe(true);
  at.ms += 2000;
  expect(await look('w3')).toBe(false);
});

it('a job is asked to end as often as it, or its run, was cancelled, whenever that is seen', () => {
  let asked = 0;
  const process = {
    done: new Promise<never>(() => {}),
    cancel: () => void asked++,
    kill: () => {},
  };
  const job = { process, cancelled: 0 };
  const told = [
    [null, null],
    ['1', null],
    ['1', null],
    ['1', '2'],
    ['3', '2'],
  ].map((marks) => {
    heed(job, marks);
    return asked;
  });
  expect(told).toEqual([0, 1, 1, 2, 3]);
});
