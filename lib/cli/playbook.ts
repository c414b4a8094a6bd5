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
export async function playbook(meta: ImportMeta, options: PlaybookOptions): Promise<Playbook> {
  const file = basename(fileURLToPath(meta.url));
  const name = file.slice(0, file.length - extname(file).length);
  const description = `Makes true what ${file} says.`;
  return await main(meta.url, wholePlaybook({ name, description, ...options }));
}

/** The playbook with what its parts leave to it: a play of roles alone has its name. */
export function wholePlaybook({
  plays,
  name = 'playbook',
  description = '',
  ...more
}: PlaybookOptions): PlaybookOptions & Playbook {
  return {
    ...more,
    name,
    description,
    plays: plays.map((one, i) =>
      'strategy' in one ? one : plainPlay({ name: i === 0 ? name : `${name}-${i + 1}`, ...one }, name),
    ),
  };
}
