import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../lab/support/host/process.ts';
import { CHECKOUT, cacheDir } from '../lab/support/paths.ts';

/** A folder as a user has it: the package installed, and a playbook of the user's own. */
export const OWN = join(cacheDir(), 'bench', 'own');
export const OWN_PLAYBOOK = join(OWN, 'plain.ts');
/** What `quorate` in `PATH` leads to. */
export const QUORATE = join(OWN, 'node_modules/quorate/dist/quorate.js');

/** Packs this checkout and installs it. */
export async function installPackage(log: (line: string) => void): Promise<void> {
  log('packing this checkout');
  await rm(OWN, { recursive: true, force: true });
  mkdirSync(OWN, { recursive: true });
  await must('npm', ['pack', '--pack-destination', OWN], { cwd: CHECKOUT });
  const tarball = readdirSync(OWN).find((name) => name.endsWith('.tgz')) ?? '';
  await must('npm', ['init', '-y'], { cwd: OWN });
  await must('npm', ['pkg', 'set', 'type=module'], { cwd: OWN });
  await must('npm', ['install', '--no-audit', '--no-fund', `./${tarball}`], { cwd: OWN });
  copyFileSync(join(CHECKOUT, 'test/bench/plain/plain.ts'), OWN_PLAYBOOK);
}
