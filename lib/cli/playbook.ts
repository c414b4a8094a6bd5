import { basename, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { mistakesIn } from '../dsl/options/mistakes.ts';
import { is, type OptionTable, refuse } from '../dsl/options/options.ts';
import { mistakesInPlay, type PlainPlay, plainPlay } from '../dsl/plain-play.ts';
import type { Play, Playbook } from '../dsl/play.ts';
import { EXIT, errorsOf, QuorateError, QuorateErrors } from '../errors.ts';
import { isProgram, main } from './main.ts';
import { makerOf } from './start/maker.ts';

/** What a playbook says of itself: its plays, and what its help tells. */
export interface PlaybookOptions {
  /** That of the file unless said. */
  readonly name?: string;
  readonly description?: string;
  /** Examples for the help: arguments, and what they are for. */
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
  // Without it, what the command line runs is the playbook that is wrong.
  const url = meta?.url ?? pathToFileURL(process.argv[1] ?? '').href;
  const path = fileURLToPath(url);
  const file = basename(path);
  const name = file.slice(0, file.length - extname(file).length);
  const description = `Makes true what ${file} says.`;
  const wrong = meta?.url === undefined ? [NO_META] : mistakesIn('playbook', options ?? null, PLAYBOOK);
  try {
    refuse(wrong);
    return await main(url, wholePlaybook({ name, description, ...options }, path));
  } catch (error) {
    // Said as everything else that is wrong is said; of a file that is imported nothing is run, and it is thrown.
    if (!(error instanceof QuorateError || error instanceof QuorateErrors)) throw error;
    const told = { name, description, plays: [], instead: async () => errorsOf(error) };
    if (isProgram(url)) return await main(url, told);
    throw error;
  }
}

const NO_META = new QuorateError('playbook: its first argument is import.meta, by which it knows its file', {
  exitCode: EXIT.usage,
  hint: 'write playbook(import.meta, { plays: [play({ hosts, roles })] })',
});

const PLAYBOOK: OptionTable<PlaybookOptions> = {
  name: is.text,
  description: is.text,
  examples: is.any(),
  plays: {
    required: true,
    wanted: 'a list of plays',
    hint: (value, name) =>
      Array.isArray(value) ? 'play({ hosts, roles }) makes one' : `write ${name}: [play({ hosts, roles })]`,
    holds: (value) => Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null),
  },
};

/**
 * The playbook with what its parts leave to it: a play of roles alone has its name, and what it makes is that of `file`.
 * Throws exit code 1.
 */
export function wholePlaybook(
  { plays, name = 'playbook', description = '', ...more }: PlaybookOptions,
  file = join(process.cwd(), name),
): PlaybookOptions & Playbook {
  refuse(mistakesIn('playbook', { plays }, { plays: PLAYBOOK.plays }));
  refuse(plays.flatMap((one) => ('strategy' in one ? [] : mistakesInPlay(one))));
  const maker = makerOf(file);
  return {
    ...more,
    name,
    description,
    plays: plays.map((one, i) => ('strategy' in one ? one : plainPlay(one, name, { position: i, maker }))),
  };
}
