import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { scratch } from '../support/scratch.ts';

const PLAYBOOK = fileURLToPath(new URL('stuckPlaybook.ts', import.meta.url));

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  'a second %s ends a run that nothing else would end, with %i and a recap',
  async (signal, code) => {
    const inventory = join(scratch(), 'inventory.yaml');
    writeFileSync(inventory, 'all:\n  hosts:\n    here: { ansible_connection: local }\n');
    const args = ['--import', 'tsx', PLAYBOOK, '-i', inventory, '--output', 'json'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const events: Record<string, unknown>[] = [];
    let second = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      events.push(JSON.parse(line));
      if (events.at(-1)?.message !== 'stuck') continue;
      child.kill(signal);
      // A signal that comes before the first was handled is the same one.
      await new Promise((resolve) => setTimeout(resolve, 300));
      second = performance.now();
      child.kill(signal);
    }
    if (child.exitCode === null) await once(child, 'exit');
    expect(performance.now() - second).toBeLessThan(4000);
    expect(child.exitCode).toBe(code);
    expect(events.slice(-2)).toMatchObject([
      { event: 'error', exitCode: code, message: expect.stringMatching(/^stopped at once/) },
      { event: 'recap', exitCode: code },
    ]);
  },
);
