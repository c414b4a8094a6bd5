import { existsSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { positionOf } from '../../dsl/position.ts';
import { EXIT, type ExitCode, QuorateError, QuorateErrors } from '../../errors.ts';
import { fromHere } from '../../paths.ts';
import { handOver } from '../handed.ts';

/** `quorate run FILE`: a user's own playbook. */
export async function run(args: readonly string[], command: string): Promise<undefined | ExitCode> {
  const [given, ...rest] = args;
  if (given === undefined || given.startsWith('-')) {
    if (given === '-h' || given === '--help') {
      process.stdout.write(
        `usage: ${command} run FILE [options]\n\nRuns a playbook of yours; \`${command} run FILE --help\` lists its options.\n`,
      );
      return EXIT.ok;
    }
    throw new QuorateError('no playbook is named', {
      exitCode: EXIT.usage,
      hint: `${command} run site.ts: the file first, its options behind it`,
    });
  }
  const file = fileNamed(given);
  if (file === undefined && existsSync(given)) {
    throw new QuorateError(`${given} is a folder, and no playbook`, {
      exitCode: EXIT.usage,
      hint: `name the file of a playbook: ${command} run site.ts`,
    });
  }
  if (file === undefined) {
    throw new QuorateError(`there is no file ${given}`, {
      exitCode: EXIT.usage,
      hint: `${command} init writes site.ts, a playbook to begin with`,
    });
  }
  return runFile(file, rest, command);
}

/** Loads the file as if this process had been started with it. The playbook in it says the exit code. */
export async function runFile(file: string, args: readonly string[], command: string): Promise<undefined> {
  const handed = handOver(file, args, command);
  if (/\.[cm]?tsx?$/.test(file)) await readTypeScript();
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    throw unloadable(file, error);
  }
  if (!handed.taken) {
    throw new QuorateError(`${fromHere(file)} runs no playbook`, {
      exitCode: EXIT.usage,
      hint: 'its last line is to be: await playbook(import.meta, { plays: [play({ hosts, roles })] })',
    });
  }
}

/** With or without its ending. */
export function fileNamed(given: string): string | undefined {
  const endings = extname(given) === '' ? ['.ts', '.js', ''] : [''];
  return endings
    .map((ending) => resolve(`${given}${ending}`))
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

/** Node strips types itself from 22.18 on; before that tsx does, whose cache in the shared /tmp is not to be trusted. */
export async function readTypeScript(): Promise<void> {
  if ((process.features as { typescript?: unknown }).typescript || process.execArgv.join(' ').includes('tsx'))
    return;
  process.env.TSX_DISABLE_CACHE = '1';
  try {
    const { register } = await import('tsx/esm/api');
    register();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new QuorateError(`Node ${process.versions.node} reads no TypeScript, and tsx is not installed`, {
      exitCode: EXIT.usage,
      hint: 'install it with `npm install tsx`, or take Node 22.18 or later',
    });
  }
}

/** What keeps a user's file from being loaded is for them to mend, with its place where that is known. */
function unloadable(file: string, error: unknown): Error {
  if (error instanceof QuorateError || error instanceof QuorateErrors) return error;
  const position = positionOf(error);
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new QuorateError(`${fromHere(file)} cannot be loaded: ${said}`, {
    exitCode: EXIT.usage,
    ...hintFor(error),
    ...(position && { position }),
  });
}

function hintFor(error: unknown): { readonly hint?: string } {
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return { hint: 'Node only strips types: write no enum, no namespace and no parameter property' };
  if (code === 'ERR_MODULE_NOT_FOUND') return { hint: 'an import carries its ending: ./roles/web.ts' };
  if (/import statement outside a module|Cannot use 'import\.meta'|Top-level await/.test(message))
    return { hint: 'package.json is to say "type": "module"' };
  return {};
}
