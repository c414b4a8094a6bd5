import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { alone } from '../../../lib/dsl/alone.ts';

const canLock = process.getuid?.() === 0 && execFileSync('sh', ['-c', 'command -v flock || :']).length > 0;

/** Runs shell under the lock; resolves with what it printed. */
function under(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', `${alone.text}\n${command}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.once('error', reject).once('close', () => resolve(out.trim()));
  });
}

it.runIf(canLock)('a lock on a folder that everybody may open holds nobody up', async () => {
  const holder = spawn('flock', ['/etc', 'sh', '-c', 'echo held; sleep 30'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  try {
    await once(holder.stdout, 'data');
    const started = performance.now();
    expect(await under('echo done')).toBe('done');
    expect(performance.now() - started).toBeLessThan(3000);
  } finally {
    process.kill(-(holder.pid as number), 'SIGKILL');
  }
});

it.runIf(canLock)('two at a time come one after the other', async () => {
  const one = 'date +%s%N; sleep 0.5; date +%s%N';
  const spans = (await Promise.all([under(one), under(one)])).map((out) => out.split('\n').map(Number));
  const [first, second] = spans.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  expect(second?.[0]).toBeGreaterThanOrEqual(first?.[1] ?? 0);
});

it.runIf(canLock)('nobody but root may open what the lock is on', () => {
  execFileSync('sh', ['-c', alone.text]);
  expect(execFileSync('stat', ['-c', '%a %u', '/run/quorate.lock'], { encoding: 'utf8' })).toBe('600 0\n');
});
