import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { passingName, type Store } from '../../../../dsl/store.ts';
import { EXIT, QuorateError } from '../../../../errors.ts';

/** A folder of this machine; made with the first file. */
export function folderStore(path: string): Store {
  const folder = resolve(path);
  return {
    name: path,
    async list() {
      const names = await readdir(folder).catch(() => []);
      const found = await Promise.all(
        names.map(async (name) => {
          const file = await stat(join(folder, name)).catch(() => undefined);
          return file?.isFile() ? [{ name, size: file.size, age: Date.now() - file.mtimeMs }] : [];
        }),
      );
      return found.flat();
    },
    read: (name) => createReadStream(join(folder, name), { highWaterMark: 1 << 20 }),
    async write(name, bytes) {
      await make(folder);
      const passing = join(folder, passingName(name));
      await rm(passing, { force: true });
      try {
        await pipeline(Readable.from(bytes), createWriteStream(passing, { flags: 'wx', mode: 0o600 }));
        await sync(passing);
        await rename(passing, join(folder, name));
      } finally {
        await rm(passing, { force: true });
      }
    },
    remove: (name) => rm(join(folder, name), { force: true }),
    async close() {},
  };
}

async function make(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new QuorateError(`cannot make ${folder} on this machine: ${(error as Error).message}`, {
      exitCode: EXIT.failed,
      hint: 'name a folder with --to that you may write to',
    });
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
