import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startJob } from '../../../lib/fleet/process.ts';

/** A job that tells of each signal and goes on. */
const STUBBORN = `let n = 0;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => console.log('told ' + ++n));
console.log('begun');
setInterval(() => {}, 1000);`;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Starts a program; `said` resolves once it has printed a line. */
function start(program: string, flags: readonly string[] = []) {
  const lines: string[] = [];
  const job = startJob([process.execPath, ...flags, '-e', program], false, (line) => lines.push(line));
  return { job, said: (line: string) => vi.waitUntil(() => lines.includes(line), { timeout: 10_000 }) };
}

async function isOver(done: Promise<unknown>): Promise<boolean> {
  const soon = new Promise((resolve) => setImmediate(() => setImmediate(() => resolve('under way'))));
  return (await Promise.race([done, soon])) !== 'under way';
}

describe('a job that is cancelled', () => {
  it('finishes its tasks in hand, however long they take; once more ends it within a minute', async () => {
    const { job, said } = start(STUBBORN);
    await said('begun');
    job.cancel();
    await said('told 1');
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(await isOver(job.done)).toBe(false);
    job.cancel();
    await said('told 2');
    await vi.advanceTimersByTimeAsync(50_000);
    expect(await isOver(job.done)).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await job.done).toMatchObject({ code: undefined, reason: 'ended by SIGKILL' });
  });

  it('ends at once where both are told of together: the second is not taken for the first', async () => {
    const run = `import { onSignals } from '${new URL('../../../lib/cli/start/signals.ts', import.meta.url).href}';
const hand = setInterval(() => {}, 1000);
onSignals({ stop: () => console.log('stop'), kill: () => clearInterval(hand) }, () => {});
console.log('begun');`;
    const { job, said } = start(run, ['--import', 'tsx', '--input-type=module']);
    await said('begun');
    job.cancel();
    job.cancel();
    expect(await job.done).toMatchObject({ code: 0 });
  });

  it('is killed the third time', async () => {
    const { job, said } = start(STUBBORN);
    await said('begun');
    job.cancel();
    await said('told 1');
    job.cancel();
    job.cancel();
    expect(await job.done).toMatchObject({ reason: 'ended by SIGKILL' });
  });
});

describe('a job that has ended', () => {
  it('is not waited for because of what it left behind', async () => {
    vi.useRealTimers();
    const left = `const child = require('node:child_process').spawn('sleep', ['30'], { stdio: 'inherit', detached: true });
console.log(child.pid); child.unref();`;
    let pid = 0;
    const begun = performance.now();
    const { done } = startJob([process.execPath, '-e', left], false, (line) => {
      pid = Number(line);
    });
    expect(await done).toMatchObject({ code: 0 });
    expect(performance.now() - begun).toBeLessThan(20_000);
    process.kill(pid, 'SIGKILL');
  }, 40_000);
});
