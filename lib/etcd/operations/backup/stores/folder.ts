import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { passingName, type Store } from '../../../../dsl/source/store.ts';
import { EXIT, QuorateError } from '../../../../errors.ts';

/** A folder of this machine; made with the first file. */
export function folderStore(path: string): Store {
  const folder = resolve(path);
  return {
    name: path,
    async list() {
      const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw failed(`list ${folder}`, error);
      });
      const found = await Promise.all(
        names.map(async (name) => {
          const at = join(folder, name);
          // A link that leads nowhere is no file of ours.
          const file = await stat(at)
            .catch(() => lstat(at))
            .catch((error: NodeJS.ErrnoException) => {
              if (error.code === 'ENOENT') return undefined;
              throw failed(`look at ${at}`, error);
            });
          return file?.isFile() ? [{ name, size: file.size, age: Date.now() - file.mtimeMs }] : [];
        }),
      );
      return found.flat();
    },
    async *read(name) {
      try {
        yield* createReadStream(join(folder, name), { highWaterMark: 1 << 20 });
      } catch (error) {
        throw failed(`read ${join(folder, name)}`, error);
      }
    },
    async write(name, bytes) {
      await make(folder);
      const path = join(folder, name);
      const passing = join(folder, passingName(name));
      try {
        await rm(passing, { force: true });
        await pipeline(Readable.from(bytes), createWriteStream(passing, { flags: 'wx', mode: 0o600 }));
        await sync(passing);
        await rename(passing, path);
      } catch (error) {
        throw failed(`write ${path}`, error);
      } finally {
        await rm(passing, { force: true }).catch(() => {});
      }
    },
    async remove(name) {
      const path = join(folder, name);
      await rm(path, { force: true }).catch((error) => {
        throw failed(`remove ${path}`, error);
      });
    },
    async close() {},
  };
}

async function make(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw failed(`make ${folder}`, error);
  }
}

/** What the system says; whatever else ended it is its own. */
function failed(doing: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof QuorateError || code === undefined || !/^E[A-Z]+$/.test(code)) return error;
  return new QuorateError(`cannot ${doing} on this machine: ${message}`, {
    exitCode: EXIT.failed,
    hint:
      code === 'ENOSPC' || code === 'EDQUOT'
        ? 'make room there, or name a folder on a larger disk'
        : 'name a folder that you may read and write',
  });
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
