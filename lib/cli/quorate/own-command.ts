import { existsSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { fromHere } from '../../paths.ts';

/**
 * What this user types to run the command: `npx quorate`; `quorate` where that is on their PATH by an installation for
 * all folders; in a clone, the file of the command.
 */
export function ownCommand(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  script = process.argv[1] ?? '',
): string {
  if (script.endsWith('.ts')) return `npx tsx ${fromHere(script)}`;
  const folders = (environment.PATH ?? '').split(delimiter);
  const found = folders.find((folder) => existsSync(join(folder, 'quorate')));
  return found === undefined || found.includes(`${sep}node_modules${sep}`) ? 'npx quorate' : 'quorate';
}
