import { spawn } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Host } from '../../../lib/transport/host.ts';

/** A host behind the interface that runs scripts by a real shell on this machine. */
export function shellHost(shell: readonly string[] = ['sh'], name = 'here'): Host {
  let roundTrips = 0;
  return {
    name,
    get roundTrips() {
      return roundTrips;
    },
    run(script, streams) {
      roundTrips += 1;
      const [file = 'sh', ...args] = shell;
      const child = spawn(file, args, { stdio: 'pipe', detached: true });
      child.stdout.on('data', streams.stdout);
      child.stderr.on('data', streams.stderr);
      child.stdin.on('error', () => {});
      child.stdin.end(script);
      return {
        done: new Promise((resolve, reject) => {
          child.once('error', reject);
          child.once('close', (code) => resolve({ code }));
        }),
        stop: () => child.kill('SIGUSR1'),
        kill: () => process.kill(-(child.pid as number), 'SIGKILL'),
      };
    },
    async send(source, target, progress) {
      roundTrips += 1;
      await mkdir(dirname(target), { recursive: true });
      await copyFile(source, target);
      progress?.(1);
    },
    async close() {},
  };
}
