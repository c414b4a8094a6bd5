import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { loopHost } from '../support/loop-host.ts';
import { scratch } from '../support/scratch.ts';
import { shellHost } from '../support/shell-host.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => vi.useRealTimers());

/** By the clock of the machine: what a host does takes its time. */
function until(isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!isSo()) return;
      clearInterval(timer);
      resolve();
    }, 20);
  });
}

it('tells every ten seconds how large it is what a long command makes', async () => {
  const dir = scratch();
  const [file, go] = [join(dir, "it's.part"), join(dir, 'go')];
  const said: string[] = [];
  const sink = {
    emit: (event: { message?: string }) => said.push(event.message ?? ''),
    progress: () => {},
  };
  const loop = loopHost({ dir, sink: sink as never, host: shellHost() });
  const making = loop.act(
    'making it',
    sh`head -c 3000000 /dev/zero >${file}; echo made; until [ -e ${go} ]; do sleep 0.02; done`,
    { grows: sh`${join(dir, "it's")}*` },
  );
  await until(() => existsSync(file));
  await vi.advanceTimersByTimeAsync(9_000);
  expect(said).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  await until(() => said.length > 0);
  await vi.advanceTimersByTimeAsync(10_000);
  await until(() => said.length > 1);
  writeFileSync(go, '');
  expect(await making).toMatchObject({ code: 0, out: 'made' });
  expect(said).toEqual(['making it: 3 MB so far', 'making it: 3 MB so far']);
  expect(vi.getTimerCount()).toBe(0);
});
