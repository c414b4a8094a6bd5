import { realpathSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asOneRun } from '../dsl/common/per-run.ts';
import { redact } from '../dsl/secret.ts';
import { bugOf, EXIT, type ExitCode, errorsOf } from '../errors.ts';
import { hiddenIn } from './flags/flags.ts';
import { type Options, parseOptions } from './flags/options.ts';
import { startCompileCache } from './start/compile-cache.ts';
import { handed } from './start/handed.ts';
import type { PlaybookFile } from './start/playbook-file.ts';
import { howStarted, type Started } from './start/started.ts';

/**
 * Runs a playbook from the command line and ends the process with its exit code. Does nothing when the
 * file was imported by another one. Gives the playbook back, for a program that has other uses for it.
 */
export async function main(url: string, playbook: PlaybookFile): Promise<PlaybookFile> {
  const file = fileURLToPath(url);
  if (!isProgram(url)) return playbook;
  const given = handed();
  if (given) given.taken = true;
  else startProgram();
  process.exitCode = await command(pruning(playbook), process.argv.slice(2), howStarted(file));
  return playbook;
}

/** Plays that keep no records of what they make have nothing left over. */
export function pruning(playbook: PlaybookFile): PlaybookFile {
  if (playbook.plays.some(({ ledger }) => ledger !== undefined)) return playbook;
  return { ...playbook, hides: [...(playbook.hides ?? []), 'prune'] };
}

/** What every program of ours begins with. */
export function startProgram(): void {
  process.on('uncaughtException', onEscaped);
  startCompileCache();
}

/** The file is what this process was started with, whose ending tsx and Node let people leave out. */
export function isProgram(url: string): boolean {
  const file = fileURLToPath(url);
  const [, given = ''] = process.argv;
  return ['', '.ts', '.js'].some((ending) => {
    try {
      return realpathSync(`${given}${ending}`) === file;
    } catch {
      return false;
    }
  });
}

/** The same with the arguments given; resolves to the exit code. */
function command(playbook: PlaybookFile, args: readonly string[], started: Started): Promise<ExitCode> {
  return asOneRun(() => commandInRun(playbook, args, started));
}

async function commandInRun(
  playbook: PlaybookFile,
  args: readonly string[],
  started: Started,
): Promise<ExitCode> {
  let options: Options | undefined;
  try {
    const parsed = parseOptions(args, playbook.flags ?? [], hiddenIn(playbook), playbook.words !== undefined);
    if (parsed === 'help') {
      const { helpText } = await import('./flags/help.ts');
      return await print(helpText(playbook, started));
    }
    if (parsed === 'version') {
      const { VERSION } = await import('../version.ts');
      return await print(`${VERSION}\n`);
    }
    options = parsed;
    if (parsed.apply !== undefined) {
      const { withPlan } = await import('./plan-file/approved.ts');
      options = await withPlan(playbook, started.file, { ...parsed, apply: parsed.apply });
    }
    const printed = await playbook.prints?.(options);
    if (printed !== undefined) return await print(printed);
    const found = await playbook.instead?.(options);
    if (found !== undefined) {
      const { reportUsage } = await import('./flags/usage.ts');
      return await reportUsage(found, started, options);
    }
    if (playbook.carriesOut) return await playbook.carriesOut(options, started);
    const { execute } = await import('./execute.ts');
    const plays = playbook.playsFor?.(options.words) ?? playbook.plays;
    return await execute({ ...playbook, plays }, options, started);
  } catch (error) {
    const { reportUsage } = await import('./flags/usage.ts');
    return await reportUsage(errorsOf(error), started, options ?? { output: outputOf(args) });
  }
}

async function print(text: string): Promise<ExitCode> {
  const { printDocument } = await import('../report/document.ts');
  await printDocument(text);
  return EXIT.ok;
}

/** What escaped every catch ends the process; by Node's own words it would show whatever it carries. */
function onEscaped(error: unknown): void {
  writeSync(2, `${redact(bugOf(error).message)}\n`);
  process.exit(EXIT.bug);
}

/** Even when the rest of the line is wrong, `--output json` is honoured. */
export function outputOf(args: readonly string[]): Options['output'] {
  return args.some((arg, i) => arg === '--output=json' || (arg === '--output' && args[i + 1] === 'json'))
    ? 'json'
    : undefined;
}
