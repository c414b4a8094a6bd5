import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { positionOf } from '../../dsl/trace/position.ts';
import { EXIT, type ExitCode, type Position, QuorateError, QuorateErrors } from '../../errors.ts';
import { nearName } from '../../near.ts';
import { fromHere } from '../../paths.ts';
import { printDocument } from '../../report/document.ts';
import { handOver } from '../start/handed.ts';

/** `quorate run FILE`: a user's own playbook. */
export async function run(args: readonly string[], command: string): Promise<undefined | ExitCode> {
  const [given, ...rest] = args;
  if (given === undefined || given.startsWith('-')) {
    if (given === '-h' || given === '--help') {
      await printDocument(
        `usage: ${command} run FILE [options]\n\nRuns a playbook of yours; \`${command} run FILE --help\` lists its options.\n`,
      );
      return EXIT.ok;
    }
    throw new QuorateError('no playbook is named', {
      exitCode: EXIT.usage,
      hint: `${command} run site.ts: the file first, its options after it`,
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
      hint: 'its last line must be: await playbook(import.meta, { plays: [play({ hosts, roles })] })',
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
  const position = placeIn(error) ?? positionOf(error);
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new QuorateError(`${fromHere(file)} cannot be loaded: ${said}`, {
    exitCode: EXIT.usage,
    ...hintFor(error),
    ...(position && { position }),
  });
}

/** Where an import is that leads nowhere: Node names the file in the message, or with the line above the stack. */
function placeIn(error: unknown): Position | undefined {
  const { stack = '', message = '' } = error as Partial<Error>;
  const [, url = '', at = ''] = /^(file:\/\/\/\S+?|\/\S+?):(\d+)$/m.exec(stack) ?? [];
  if (url !== '') {
    const path = url.startsWith('file:') ? fileURLToPath(url) : url;
    return { file: fromHere(path), line: Number(at), column: 1 };
  }
  const [, name = '', importer = ''] = /'([^']+)' imported from (\S+)$/.exec(message) ?? [];
  if (!existsSync(importer)) return undefined;
  const lines = readFileSync(importer, 'utf8').split('\n');
  const line = lines.findIndex((one) => /\b(from|import)\b/.test(one) && one.includes(basename(name)));
  return line < 0 ? undefined : { file: fromHere(importer), line: line + 1, column: 1 };
}

function hintFor(error: unknown): { readonly hint?: string } {
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return { hint: 'Node only strips types: write no enum, no namespace and no parameter property' };
  if (code === 'ERR_UNSUPPORTED_DIR_IMPORT') return { hint: 'name a file of the folder: ./roles/web.ts' };
  if (code === 'ERR_MODULE_NOT_FOUND') return hintForMissing(message);
  if (/import statement outside a module|Cannot use 'import\.meta'|Top-level await/.test(message))
    return { hint: 'package.json is to say "type": "module"' };
  return {};
}

/** A package, or a file, that an import names and that is not there. */
function hintForMissing(message: string): { readonly hint: string } {
  const [, name] = /package '([^']+)'/.exec(message) ?? [];
  if (name !== undefined) {
    const near = nearName(name, ['quorate']);
    return { hint: near === undefined ? `install it: npm install ${name}` : `did you mean ${near}?` };
  }
  const [, path = ''] = /module '([^']+)'/.exec(message) ?? [];
  if (extname(path) === '') return { hint: 'an import carries its ending: ./roles/web.ts' };
  const folder = dirname(path);
  const there = existsSync(folder) ? readdirSync(folder).filter((one) => /\.[cm]?[jt]s$/.test(one)) : [];
  const near = nearName(basename(path), there);
  return { hint: near === undefined ? `there is no file ${fromHere(path)}` : `did you mean ${near}?` };
}
