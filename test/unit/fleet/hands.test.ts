import { expect, it } from 'vitest';
import { heed } from '../../../lib/fleet/redis/hands.ts';

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
