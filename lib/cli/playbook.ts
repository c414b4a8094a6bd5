import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PlainPlay, plainPlay } from '../dsl/plain-play.ts';
import type { Play } from '../dsl/play.ts';
import type { CommandLine } from './command-line.ts';
import { main } from './main.ts';

/** What a playbook says of itself: its plays, and what its help tells. */
export interface PlaybookOptions extends Partial<Omit<CommandLine, 'plays'>> {
  // biome-ignore lint/suspicious/noExplicitAny: plays of one playbook may differ in their facts
  readonly plays: readonly (PlainPlay | Play<any>)[];
}

/**
 * Run this file as a playbook: with the flags of the command line, on the inventory beside it. Its name is that of the
 * file unless said. Does nothing when another file imports it.
 *
 * @example
 * await playbook(import.meta, { plays: [play({ hosts: 'web', roles: [nginx] })] });
 */
export async function playbook(meta: ImportMeta, { plays, ...options }: PlaybookOptions): Promise<void> {
  const file = basename(fileURLToPath(meta.url));
  const name = options.name ?? file.slice(0, file.length - extname(file).length);
  await main(meta.url, {
    description: `Makes true what ${file} says.`,
    ...options,
    name,
    plays: plays.map((one, i) =>
      'strategy' in one ? one : plainPlay({ name: i === 0 ? name : `${name}-${i + 1}`, ...one }, name),
    ),
  });
}
