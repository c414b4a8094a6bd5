import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type RunOptions, Session } from '../../../lib/runner/session.ts';
import { recorder } from '../support/recorder.ts';

function session(forks: number): Session {
  const options = { check: false, detailedExitcode: false, forks, sink: recorder() };
  return new Session(options as unknown as RunOptions);
}

it.each([1, 2, 5])('--forks %i is a limit of the run: two clusters side by side share it', async (forks) => {
  const run = session(forks);
  let now = 0;
  let most = 0;
  const work = async () => {
    now += 1;
    most = Math.max(most, now);
    await sleep(5);
    now -= 1;
  };
  const hosts = ['1', '2', '3', '4'];
  const done = await Promise.all(
    ['a', 'b'].map((cluster) =>
      run.each(
        hosts.map((n) => cluster + n),
        String,
        work,
      ),
    ),
  );
  expect(most).toBe(forks);
  expect(done.flat()).toHaveLength(8);
});

it('a turn whose gate asks hosts does not wait for itself, with one fork either', async () => {
  const run = session(1);
  const asked: string[] = [];
  const ask = async (host: string) => void asked.push(host);
  await run.each(['a', 'b'], String, async () => {
    await run.each(['x', 'y'], String, ask);
  });
  expect(asked).toEqual(['x', 'y', 'x', 'y']);
});
