import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(import.meta.url);

/** This is the compiled code of a package; else the source, in a clone. */
const COMPILED = !HERE.endsWith('.ts');

/** The folder of Quorate's `package.json`: nothing is ever written below it. */
export const ROOT = rootAbove(dirname(HERE));

/** All code of ours lies below: what a stack says of it tells a user nothing. */
export const CODE = join(ROOT, COMPILED ? 'dist/' : 'lib/');

/** Where our own playbooks lie. */
export const PLAYBOOKS = join(ROOT, COMPILED ? 'dist/playbooks' : 'playbooks');

function rootAbove(folder: string): string {
  const above = dirname(folder);
  return existsSync(join(folder, 'package.json')) || above === folder ? folder : rootAbove(above);
}
