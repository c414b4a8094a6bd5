import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Host, ScriptStreams } from '../../../lib/transport/host.ts';
import { loopHost } from '../support/loop-host.ts';
import { scratch } from '../support/scratch.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A host that sends what it is told to, until it is ended. */
function sender() {
  let streams: ScriptStreams | undefined;
  let end: (code: number | null) => void = () => {};
  let killed = false;
  const host = {
    name: 'here',
    run: (_script: string, to: ScriptStreams) => {
      streams = to;
      return {
        done: new Promise<{ code: number | null }>((resolve) => {
          end = (code) => resolve({ code });
        }),
        stop: () => {},
        kill: () => {
          killed = true;
          end(null);
        },
      };
    },
  } as unknown as Host;
  const loop = loopHost({ dir: scratch(), sink: { emit: () => {}, progress: () => {} } as never, host });
  const coming = loop.receive('reading', sh`cat x`, 10);
  coming.catch(() => {});
  return {
    coming,
    send: (text: string) => streams?.stdout(Buffer.from(text)),
    end: () => end(0),
    wasKilled: () => killed,
  };
}

it('takes what comes, as long as some comes', async () => {
  const { coming, send, end } = sender();
  send('abc');
  await vi.advanceTimersByTimeAsync(59_000);
  send('def');
  end();
  expect(await coming).toEqual({ code: 0, bytes: Buffer.from('abcdef') });
});

it('ends what sends more than was asked for', async () => {
  const { coming, send, wasKilled } = sender();
  for (let i = 0; i < 1000; i++) send('abcdef');
  await expect(coming).rejects.toMatchObject({
    exitCode: 2,
    message: 'here: more than 10 bytes came while reading',
  });
  expect(wasKilled()).toBe(true);
});

it('ends what sends nothing', async () => {
  const { coming, wasKilled } = sender();
  await vi.advanceTimersByTimeAsync(60_000);
  await vi.advanceTimersByTimeAsync(1);
  await expect(coming).rejects.toMatchObject({
    exitCode: 4,
    message: 'here: nothing came for 60 s while reading',
  });
  expect(wasKilled()).toBe(true);
});

it('ends what sends a byte now and then', async () => {
  const { coming, send } = sender();
  for (let i = 0; i < 3; i++) {
    await vi.advanceTimersByTimeAsync(30_000);
    send('a');
  }
  await expect(coming).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('not all came'),
  });
});
