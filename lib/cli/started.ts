import { existsSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quote } from '../dsl/sh.ts';
import { fromHere } from '../paths.ts';
import type { Options } from './options.ts';

/** Where our own playbooks lie. */
const PLAYBOOKS = fileURLToPath(new URL('../../playbooks', import.meta.url));

/** How the user started this process. */
export interface Started {
  /** The playbook, whole. */
  readonly file: string;
  /** As it was typed. */
  readonly typed: string;
  /** `npx tsx`, `node --import tsx` or `node`. */
  readonly launcher: string;
}

/** One of the playbooks that come with this project, not one of the user's own. */
export function isOurs({ file }: Started): boolean {
  return dirname(file) === PLAYBOOKS;
}

export function howStarted(
  file: string,
  argv: readonly string[] = process.argv,
  execArgv: readonly string[] = process.execArgv,
): Started {
  const words = execArgv.join(' ');
  const launcher = /tsx\S*preflight/.test(words)
    ? 'npx tsx'
    : /(--import|--loader|-r|--require)[= ]\S*tsx/.test(words)
      ? 'node --import tsx'
      : 'node';
  return { file, typed: fromHere(argv[1] ?? file), launcher };
}

/** What the user would type to run `playbook`: the one beside theirs, else ours. */
export function lineOf({ typed, launcher }: Started, playbook: string): string {
  const ending = extname(typed);
  const name = `${playbook}${ending}`;
  if (basename(typed, ending) === playbook) return `${launcher} ${word(typed)}`;
  const beside = join(dirname(typed), name);
  const found = existsSync(`${beside}${ending === '' ? '.ts' : ''}`)
    ? beside
    : fromHere(join(PLAYBOOKS, name));
  return `${launcher} ${word(found)}`;
}

/** The flags by which another command is about the same hosts, in the same way. */
export function sameHosts({
  inventory,
  user,
  become,
  askBecomePass,
  vaultPasswordFiles = [],
  askVaultPass = false,
}: Pick<Options, 'inventory' | 'user' | 'become' | 'askBecomePass'> &
  Partial<Pick<Options, 'vaultPasswordFiles' | 'askVaultPass'>>): string {
  return [
    ...inventory.map((file) => ` -i ${word(file)}`),
    ...(user === undefined ? [] : [` -u ${word(user)}`]),
    ...(become ? [' -b'] : []),
    ...(askBecomePass ? [' -K'] : []),
    ...vaultPasswordFiles.map((file) => ` --vault-password-file ${word(file)}`),
    ...(askVaultPass ? [' -J'] : []),
  ].join('');
}

function word(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : quote(text);
}
