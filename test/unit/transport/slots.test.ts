import { expect, it } from 'vitest';
import { Slots } from '../../../lib/transport/slots.ts';

it('does so much at a time and no more, in order, failures and all', async () => {
  const slots = new Slots(3);
  let under = 0;
  let most = 0;
  const order: number[] = [];
  const work = (i: number) => async () => {
    order.push(i);
    under += 1;
    most = Math.max(most, under);
    await new Promise((resolve) => setTimeout(resolve, 5));
    under -= 1;
    if (i % 2) throw new Error(`odd ${i}`);
    return i;
  };
  const all = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => slots.run(work(i))));
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(most).toBe(3);
  // What came in late found as many places as there are, not more.
  await Promise.allSettled([0, 2, 4, 6, 8, 10].map((i) => slots.run(work(i))));
  expect(most).toBe(3);
  expect(all.map(({ status }) => status === 'fulfilled')).toEqual(all.map((_, i) => i % 2 === 0));
});
