import { relative } from 'node:path';

/** The folder in `.quorate` beside an inventory where runs leave their records. */
export const RUNS = 'runs';

/** A path below the working directory as one would type it; any other as it is. */
export function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}

/** An inventory's path without what says its format: `prod.yaml`, `prod.ini` and a folder `prod` are all `prod`. */
export function withoutEnding(inventory: string): string {
  return inventory.replace(/\.(ya?ml|json|ini|toml)$/, '');
}
