import { existsSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { quote } from '../../dsl/shell/sh.ts';
import { fromHere } from '../../paths.ts';
import { ENDING, PLAYBOOKS } from '../../root.ts';
import type { Options } from '../flags/options.ts';
import { handed } from './handed.ts';

/** How the user started this process. */
export interface Started {
  /** The playbook, whole. */
  readonly file: string;
  /** As it was typed. */
  readonly typed: string;
  /** `npx tsx`, `node --import tsx` or `node`; before `run` or the name of a playbook of ours, `npx quorate`. */
  readonly launcher: string;
  /** The command `quorate` was started, and took the playbook. */
  readonly packaged?: boolean;
}

/** One of the playbooks that come with this project, not one of the user's own. */
export function isOurs({ file }: Pick<Started, 'file'>): boolean {
  return dirname(file) === PLAYBOOKS;
}

export function howStarted(
  file: string,
  argv: readonly string[] = process.argv,
  execArgv: readonly string[] = process.execArgv,
): Started {
  const command = handed()?.command;
  const words = execArgv.join(' ');
  const launcher = /tsx\S*preflight/.test(words)
    ? 'npx tsx'
    : /(--import|--loader|-r|--require)[= ]\S*tsx/.test(words)
      ? 'node --import tsx'
      : 'node';
  const typed = fromHere(argv[1] ?? file);
  return { file, typed, launcher: command ?? launcher, packaged: command !== undefined };
}

/** What the user would type to run `playbook`: the one beside theirs, else ours. */
export function lineOf(started: Started, playbook: string): string {
  const { file, typed, launcher, packaged } = started;
  const ending = extname(typed);
  const name = `${playbook}${ending}`;
  const beside = join(dirname(typed), name);
  if (packaged) {
    const own = !isOurs(started) && existsSync(join(dirname(file), name));
    return own ? `${launcher} run ${word(beside)}` : `${launcher} ${playbook}`;
  }
  if (basename(typed, ending) === playbook) return `${launcher} ${word(typed)}`;
  const found = existsSync(`${beside}${ending === '' ? '.ts' : ''}`)
    ? beside
    : fromHere(join(PLAYBOOKS, `${playbook}${ENDING}`));
  return `${launcher} ${word(found)}`;
}

/** The flags by which another command is about the same hosts, in the same way. */
export function sameHosts({
  inventory,
  local = false,
  user,
  become,
  askPass = false,
  askBecomePass,
  vaultPasswordFiles = [],
  askVaultPass = false,
}: Pick<Options, 'inventory' | 'user' | 'become' | 'askBecomePass'> &
  Partial<Pick<Options, 'local' | 'askPass' | 'vaultPasswordFiles' | 'askVaultPass'>>): string {
  return [
    ...inventory.map((file) => ` -i ${word(file)}`),
    ...(local ? [' --local'] : []),
    ...(user === undefined ? [] : [` -u ${word(user)}`]),
    ...(become ? [' -b'] : []),
    ...(askPass ? [' -k'] : []),
    ...(askBecomePass ? [' -K'] : []),
    ...vaultPasswordFiles.map((file) => ` --vault-password-file ${word(file)}`),
    ...(askVaultPass ? [' -J'] : []),
  ].join('');
}

function word(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : quote(text);
}
