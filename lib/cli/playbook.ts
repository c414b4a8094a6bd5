import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PlainPlay, plainPlay } from '../dsl/plain-play.ts';
import type { Play, Playbook } from '../dsl/play.ts';
import { main } from './main.ts';

/** What a playbook says of itself: its plays, and what its help tells. */
export interface PlaybookOptions {
  /** That of the file unless said. */
  readonly name?: string;
  readonly description?: string;
  /** Of the help: arguments, and what they are for. */
  readonly examples?: readonly (readonly [args: string, what: string])[];
  // biome-ignore lint/suspicious/noExplicitAny: plays of one playbook may differ in their facts
  readonly plays: readonly (PlainPlay | Play<any>)[];
}

/**
 * Run this file as a playbook: with the flags of the command line, on the inventory beside it. Its name is that of the
 * file unless said. When another file imports it, nothing runs; either way it is given back, for `run`.
 *
 * @example
 * await playbook(import.meta, { plays: [play({ hosts: 'web', roles: [nginx] })] });
 */
export async function playbook(meta: ImportMeta, { plays, ...options }: PlaybookOptions): Promise<Playbook> {
  const file = basename(fileURLToPath(meta.url));
  const name = options.name ?? file.slice(0, file.length - extname(file).length);
  return await main(meta.url, {
    description: `Makes true what ${file} says.`,
    ...options,
    name,
    plays: plays.map((one, i) =>
      'strategy' in one ? one : plainPlay({ name: i === 0 ? name : `${name}-${i + 1}`, ...one }),
    ),
  });
}
