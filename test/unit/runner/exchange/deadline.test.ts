import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import { Deadline } from '../../../../lib/runner/exchange/deadline.ts';
import { exchange } from '../../../../lib/runner/exchange/exchange.ts';
import { shellHost } from '../../support/shell-host.ts';

it.each<[string, (deadline: Deadline) => unknown]>([
  ['nobody counts any more', (deadline) => deadline.set(undefined)],
  ['it counts anew', (deadline) => deadline.set(60)],
  ['it is over', (deadline) => deadline.clear()],
  ['somebody asks to end once it is over', (deadline) => [deadline.clear(), deadline.shorten(0.001)]],
])('a time limit that ran out while this process was busy is not late when %s', async (_name, heard) => {
  let late = 0;
  const deadline = new Deadline(() => {
    late += 1;
  });
  deadline.set(0.005);
  // Both are due by then, and run one directly after the other.
  setTimeout(() => heard(deadline), 6);
  const until = Date.now() + 20;
  while (Date.now() < until);
  await sleep(50);
  deadline.clear();
  expect(late).toBe(0);
});

it('an answer that comes while the host is asked what hangs is heard, and what begins then goes on', async () => {
  const here = shellHost();
  let runs = 0;
  const host: typeof here = {
    ...here,
    run: (script, streams) => here.run(runs++ === 0 ? script : `sleep 1\n${script}`, streams),
  };
  const fragments = [
    { id: 'read', sh: sh`sleep 1.5; echo read`, critical: false, patience: 1 },
    { id: 'apply', sh: sh`sleep 1; echo applied`, critical: true },
  ];
  const { readings, outcome } = await exchange(host, fragments);
  expect([outcome, readings.get('apply')?.out, runs]).toEqual(['complete', 'applied', 2]);
});
