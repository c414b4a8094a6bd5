import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT, type ExitCode, QuorateError } from '../../errors.ts';
import { kindOfFile } from '../../inventory/folders.ts';
import { fromHere } from '../../paths.ts';
import { printDocument } from '../../report/document.ts';
import { ROOT } from '../../root.ts';
import { describePackage } from './package-json.ts';
import { vendored } from './vendored.ts';

/** What a project begins with; `dot.` stands for the dot that npm would leave out of a package. */
const TEMPLATE = join(ROOT, 'template');

/**
 * Writes an own project into the working directory: inventory, playbook, role, test, CI files, README. What is there
 * stays as it is, and is told of; `package.json` gets what it lacks, and each line of it that changes is told.
 */
export async function init(args: readonly string[], command: string): Promise<ExitCode> {
  const [word] = args;
  if (word !== undefined && word !== '-h' && word !== '--help') {
    throw new QuorateError(`unexpected argument ${word}`, {
      exitCode: EXIT.usage,
      hint: `${command} init takes none: it writes into the folder that you are in`,
    });
  }
  if (word !== undefined) {
    await printDocument(`usage: ${command} init\n\n${USAGE}\n`);
    return EXIT.ok;
  }
  const { folder, tarball, described, kept, written } = prepared();
  for (const name of written)
    writeTo(join(folder, name), (path) => {
      mkdirSync(dirname(path), { recursive: true });
      // Another run of this command may have been faster.
      writeFileSync(path, readFileSync(join(TEMPLATE, dotted(name))), { flag: 'wx' });
    });
  if (tarball !== undefined) writeTo(join(folder, tarball.file), () => tarball.copy());
  writeTo(join(folder, 'package.json'), (path) => writeFileSync(path, described.text));
  const say = (what: string, names: readonly string[]) => names.map((name) => `${what} ${name}\n`).join('');
  const copied = tarball === undefined ? [] : [`${tarball.file}, so that CI can install it: commit it`];
  await printDocument(
    [
      say('wrote', [...written, ...copied]),
      say('kept ', kept),
      say('package.json:', described.changes),
      next(command),
    ].join(''),
  );
  return EXIT.ok;
}

/** What is to be written, all of it looked at: throws exit code 1 where something is in the way. */
function prepared() {
  try {
    const folder = process.cwd();
    const tarball = vendored(folder);
    const described = describePackage(folder, tarball?.dependency);
    const files = templateFiles();
    const kept = files.filter((name) => isThere(join(folder, name)));
    const written = files.filter((name) => !kept.includes(name));
    for (const name of written) checkFolder(folder, dirname(name));
    for (const name of ['package.json', ...(tarball === undefined ? [] : [tarball.file])])
      checkReplaceable(folder, name);
    return { folder, tarball, described, kept, written };
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw inTheWay(error.message);
  }
}

/** A file can be written into it, once it is made where it is not there. */
function checkFolder(folder: string, name: string): void {
  const path = join(folder, name);
  if (!isThere(path)) {
    checkFolder(folder, dirname(name));
    return;
  }
  if (kindOfFile(path) !== 'directory') throw inTheWay(`${name} is there, and is not a folder`);
  accessSync(path, constants.W_OK | constants.X_OK);
}

/** A link counts wherever it leads. Nothing is in what is not a folder. */
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    if (!/^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return false;
  }
}

function checkReplaceable(folder: string, name: string): void {
  const path = join(folder, name);
  checkFolder(folder, dirname(name));
  if (!existsSync(path)) return;
  if (kindOfFile(path) !== 'file') throw inTheWay(`${name} is there, and is not a file`);
  accessSync(path, constants.W_OK);
}

function inTheWay(what: string): QuorateError {
  return new QuorateError(`no project can begin here: ${what}`, {
    exitCode: EXIT.usage,
    hint: 'nothing was written; begin in another folder, or mend that',
  });
}

/** The disk is full, or what was looked at has changed since. */
function writeTo(path: string, write: (path: string) => void): void {
  try {
    write(path);
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw new QuorateError(`cannot write ${fromHere(path)}: ${error.message}`, {
      exitCode: EXIT.failed,
      hint: 'what was written before it stays, and is kept when this is run again',
    });
  }
}

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return (error as NodeJS.ErrnoException).syscall !== undefined;
}

const USAGE =
  'Writes inventory, playbook, role, test, CI files and README into this folder. Nothing that is there is overwritten; package.json gets what it lacks and "type": "module", and each line that changes is told. A tarball of Quorate that lies outside of the folder is copied to vendor/, so that CI can install it.';

function next(command: string): string {
  return `
next:
  npm install                                  # typescript and vitest, for \`npm run types\` and \`npm test\`
  ${command} run site.ts --check --diff     # what the example would do on this machine
  ${command} run site.ts                    # do it
then put your hosts into inventory.yaml and your roles into roles/
`;
}

function templateFiles(): readonly string[] {
  return readdirSync(TEMPLATE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(TEMPLATE.length + 1))
    .map((name) => name.replace(/^dot\./, '.'))
    .sort();
}

function dotted(name: string): string {
  return name.replace(/^\./, 'dot.');
}
