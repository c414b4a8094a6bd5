import { randomBytes } from 'node:crypto';
import { accessSync, constants, lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { chmod, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EXIT, QuorateError } from './errors.ts';

export interface WriteOptions {
  readonly mode: number;
  /** Leaves a file that is already there as it is. */
  readonly exclusive?: boolean;
}

/**
 * Writes a file whole, durable when this returns, and with its mode from the first byte on. False when it
 * was to be new and somebody else was first.
 */
export async function writeWhole(
  path: string,
  content: string | Buffer,
  options: WriteOptions,
): Promise<boolean> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', options.mode);
    try {
      await handle.chmod(options.mode);
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (options.exclusive) await link(temporary, path);
    else await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    if (options.exclusive && codeOf(error) === 'EEXIST') return false;
    throw cannot('write', path, error);
  } finally {
    await rm(temporary, { force: true });
  }
  return true;
}

/**
 * Refuses a file that could not be written whole in the end (1), and what is not a file: a new one would take the place of
 * `/dev/stdout`. `what` it is, for the message: `report`. Gives the path to write: that which a symbolic link leads to.
 */
export function checkWritable(what: string, path: string): string {
  try {
    // One that leads nowhere is taken as the place that it names.
    const real = isLink(path) ? resolve(dirname(path), readlinkSync(path)) : path;
    const found = statSync(real, { throwIfNoEntry: false });
    if (found?.isDirectory()) throw new Error('it is a folder');
    if (found && !found.isFile()) throw new Error('it is a device or a pipe, and no file');
    const place = found ? realpathSync(real) : real;
    const folder = dirname(resolve(place));
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (!statSync(folder).isDirectory()) throw new Error('its folder is a file');
    return place;
  } catch (error) {
    throw new QuorateError(`the ${what} ${path} cannot be written: ${(error as Error).message}`, {
      exitCode: EXIT.usage,
      hint: 'name a file in a folder that is there and that you may write to',
    });
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** A file's text; undefined when there is none. */
export async function readIfAny(path: string): Promise<string | undefined> {
  return (await bytesIfAny(path))?.toString('utf8');
}

/** A file's bytes; undefined when there is none. */
export function bytesIfAny(path: string): Promise<Buffer | undefined> {
  return ifAny(path, () => readFile(path));
}

/** The names in a folder, sorted; undefined when there is none. */
export async function namesIfAny(path: string): Promise<readonly string[] | undefined> {
  return (await ifAny(path, () => readdir(path), ['ENOENT']))?.sort();
}

/** What cannot be read is not a reason to say that it is not there. */
async function ifAny<T>(
  path: string,
  read: () => Promise<T>,
  absent = ['ENOENT', 'ENOTDIR'],
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (absent.includes(codeOf(error) ?? '')) return undefined;
    throw cannot('read', path, error);
  }
}

/** A folder for its owner only, also when it was there before. */
export async function privateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
  } catch (error) {
    throw cannot('make', path, error);
  }
}

/** A file for its owner only; one that is already, whoever the owner is, is left as it is. */
export async function privateFile(path: string): Promise<void> {
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
}

/** Makes new names in a folder survive a crash; some file systems cannot. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'EPERM') throw error;
  } finally {
    await handle.close();
  }
}

/** A disk of this machine that is full or read-only is not a bug of ours; files are old or new, never cut off. */
function cannot(act: 'write' | 'read' | 'make', path: string, error: unknown): unknown {
  const { syscall, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  return new QuorateError(`cannot ${act} ${path} on this machine: ${message}`, {
    exitCode: EXIT.failed,
    hint: 'what was there before is as it was; make room, or see who may write there, and run again',
  });
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
