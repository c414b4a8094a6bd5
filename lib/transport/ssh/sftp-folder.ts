import { posix } from 'node:path';
import type { SFTPWrapper } from 'ssh2';
import { passingName, type Store, type StoredFile } from '../../dsl/source/store.ts';
import type { QuorateError } from '../../errors.ts';
import { type Room, SftpFailure } from './sftp-failures.ts';
import type { Link } from './ssh-link.ts';

/** Bytes of a request that every server takes. */
const BLOCK = 32 * 1024;

/** Requests under way at a time: a line with a long way is not to wait for each answer. */
const WINDOW = 32;

type Callback<T> = (error: Error | null | undefined, value?: T) => void;

interface Attributes {
  readonly size: number;
  readonly mtime: number;
  isFile(): boolean;
}

/** What a folder is asked over. */
interface Opened {
  /** For people. */
  readonly name: string;
  /** On that machine, as this login sees it. */
  readonly path: string;
  readonly sftp: SFTPWrapper;
  readonly link: Pick<Link, 'lost'>;
  readonly stallMs: number;
}

/** SFTP by promises, each with a deadline. A file or folder that is not there is no failure where nobody needs it. */
export class SftpFolder {
  readonly #folder: Opened;
  readonly #sftp: SFTPWrapper;
  /** It has left a request unanswered: nothing more is asked of it. */
  #silent = false;
  /** When it has answered last, in milliseconds since the epoch. */
  #heard = 0;

  constructor(folder: Opened) {
    this.#folder = folder;
    this.#sftp = folder.sftp;
    // Requests under way are told; one that is not is not a reason to end this process.
    this.#sftp.on('error', () => {});
  }

  store(): Omit<Store, 'close'> {
    return {
      name: this.#folder.name,
      list: () => this.#explained(this.#list()),
      read: (name) => this.#read(name),
      write: (name, bytes) => this.#explained(this.#write(name, bytes)),
      remove: (name) => this.#explained(this.#remove(`removing ${name}`, this.#path(name))),
    };
  }

  async #list(): Promise<readonly StoredFile[]> {
    const { path } = this.#folder;
    const found = await this.#ask<readonly { filename: string; attrs: Attributes }[]>(
      `listing ${path}`,
      (done) => this.#sftp.readdir(path, done as never),
      true,
    );
    return (found ?? [])
      .filter(({ attrs }) => attrs.isFile())
      .map(({ filename, attrs }) => ({
        name: filename,
        size: attrs.size,
        age: Date.now() - attrs.mtime * 1000,
      }));
  }

  async *#read(name: string): AsyncGenerator<Uint8Array> {
    const doing = `reading ${name}`;
    const path = this.#path(name);
    const open = this.#ask<Buffer>(doing, (done) => this.#sftp.open(path, 'r', done));
    const handle = (await this.#explained(open)) as Buffer;
    const ahead: Promise<Buffer>[] = [];
    const next = (i: number) => quiet(this.#block(doing, handle, i * BLOCK));
    try {
      for (let i = 0; ; i++) {
        // More at a time with each: most files are a line, and some are gigabytes.
        while (ahead.length < Math.min(WINDOW, i + 1)) ahead.push(next(i + ahead.length));
        const block = await this.#explained(ahead.shift() as Promise<Buffer>);
        if (block.length > 0) yield block;
        if (block.length < BLOCK) return;
      }
    } finally {
      await this.#ask<void>(doing, (done) => this.#sftp.close(handle, done)).catch(() => {});
    }
  }

  /** Less than was asked for is the end of the file only where nothing follows. */
  async #block(doing: string, handle: Buffer, at: number): Promise<Buffer> {
    const block = Buffer.alloc(BLOCK);
    let size = 0;
    while (size < BLOCK) {
      const got = await this.#ask<number>(doing, (done) =>
        this.#sftp.read(handle, block, size, BLOCK - size, at + size, done),
      );
      if (!got) break;
      size += got;
    }
    return block.subarray(0, size);
  }

  async #write(name: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const doing = `writing ${name}`;
    await this.#makeFolder();
    const passing = this.#path(passingName(name));
    await this.#remove('making way', passing);
    try {
      const sent = await this.#fill(doing, passing, bytes);
      const there = await this.#ask<Attributes>(doing, (done) => this.#sftp.stat(passing, done as never));
      if (there?.size !== sent)
        throw new SftpFailure(doing, new Error(`${there?.size} bytes are there, wanted ${sent}`));
      await this.#rename(passing, this.#path(name));
    } catch (error) {
      // What the disk has free counts while the half file is there.
      const told = error instanceof SftpFailure ? await this.#told(error) : error;
      await this.#remove('making way', passing).catch(() => {});
      throw told;
    }
  }

  /** Resolves to the bytes that were taken. */
  async #fill(doing: string, path: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    const open = (done: Callback<Buffer>) => this.#sftp.open(path, 'wx', { mode: 0o600 }, done);
    const handle = (await this.#ask<Buffer>(doing, open)) as Buffer;
    const onWay: Promise<unknown>[] = [];
    let sent = 0;
    try {
      for await (const { buffer, byteOffset, length } of bytes)
        for (let at = 0; at < length; at += BLOCK) {
          const block = Buffer.from(buffer, byteOffset + at, Math.min(BLOCK, length - at));
          const position = sent;
          const write = (done: Callback<void>) =>
            this.#sftp.write(handle, block, 0, block.length, position, done);
          if (onWay.push(quiet(this.#ask<void>(doing, write))) === WINDOW) await onWay.shift();
          sent += block.length;
        }
      await Promise.all(onWay);
    } catch (error) {
      await this.#ask<void>(doing, (done) => this.#sftp.close(handle, done)).catch(() => {});
      throw error;
    }
    await this.#ask<void>(doing, (done) => this.#sftp.close(handle, done));
    return sent;
  }

  /** Over what is there, which the protocol's own rename refuses; all servers have that one. */
  async #rename(from: string, to: string): Promise<void> {
    const doing = `naming ${to}`;
    const plain = () => this.#ask<void>(doing, (done) => this.#sftp.rename(from, to, done));
    const over = () => this.#ask<void>(doing, (done) => this.#sftp.ext_openssh_rename(from, to, done));
    const anew = async () => {
      await this.#remove(`removing ${to}`, to);
      await plain();
    };
    const orElse = (next: () => Promise<unknown>) => (error: unknown) => {
      if (this.#silent) throw error;
      return next();
    };
    await over().catch(orElse(plain)).catch(orElse(anew));
  }

  async #remove(doing: string, path: string): Promise<void> {
    await this.#ask<void>(doing, (done) => this.#sftp.unlink(path, done), true);
  }

  /** Folders above it may be closed to this login, and need not be looked at where it is there. */
  async #makeFolder(): Promise<void> {
    const { path } = this.#folder;
    const isThere = async (folder: string) =>
      (await this.#ask('looking', (done) => this.#sftp.stat(folder, done as never), true)) !== undefined;
    if (await isThere(path)) return;
    const parts = path.split('/');
    for (let i = 1; i <= parts.length; i++) {
      const folder = parts.slice(0, i).join('/');
      if (folder === '' || folder === '.' || (await isThere(folder))) continue;
      const make = (done: Callback<void>) => this.#sftp.mkdir(folder, { mode: 0o700 }, done);
      await this.#ask(`making ${folder}`, make).catch(async (error: SftpFailure) => {
        throw error.seenFrom(await this.#home());
      });
    }
  }

  #path(name: string): string {
    return posix.join(this.#folder.path, name);
  }

  /** undefined where there is no such file, and `mayMiss`. Throws `SftpFailure`. */
  #ask<T>(doing: string, request: (done: Callback<T>) => void, mayMiss = false): Promise<T | undefined> {
    const { stallMs } = this.#folder;
    const silent = (why: string) => new SftpFailure(doing, new Error(why), 'silent');
    if (this.#silent) return Promise.reject(silent('it has stopped answering'));
    return new Promise((resolve, reject) => {
      const asked = Date.now();
      const wait = (ms: number): NodeJS.Timeout =>
        setTimeout(() => {
          // A slow line that moves is not silent: others were answered meanwhile.
          const left = Math.max(asked, this.#heard) + stallMs - Date.now();
          if (left > 0) {
            late = wait(left);
            return;
          }
          this.#silent = true;
          reject(silent(`no answer within ${stallMs / 1000} s`));
        }, ms);
      let late = wait(stallMs);
      const done: Callback<T> = (error, value) => {
        clearTimeout(late);
        this.#heard = Date.now();
        if (!error) resolve(value);
        else if (mayMiss && SftpFailure.isMissing(error)) resolve(undefined);
        else reject(new SftpFailure(doing, error));
      };
      try {
        request(done);
      } catch (error) {
        done(error as Error);
      }
    });
  }

  /** What has failed, as an error for people: with what the server's disk says, since its own word is often just "Failure". */
  async #explained<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof SftpFailure)) throw error;
      throw await this.#told(error);
    }
  }

  async #told(failure: SftpFailure): Promise<QuorateError> {
    const { name, link } = this.#folder;
    const lost = link.lost();
    const room = lost === undefined && failure.isVague ? await this.#room() : undefined;
    return failure.told(name, lost, room);
  }

  /** Bytes free on the disk that the folder is on, where the server tells. */
  async #room(): Promise<Room | undefined> {
    type Disk = { readonly f_frsize: unknown; readonly f_bavail: unknown; readonly f_flag: unknown };
    const { path } = this.#folder;
    const ask = (done: Callback<Disk>) => this.#sftp.ext_openssh_statvfs(path, done as never);
    const disk = await this.#ask<Disk>('looking', ask).catch(() => undefined);
    if (disk === undefined) return undefined;
    const [size, free, flags] = [disk.f_frsize, disk.f_bavail, disk.f_flag].map(Number) as [
      number,
      number,
      number,
    ];
    return { freeKiB: Math.floor((size * free) / 1024), readOnly: (flags & 1) !== 0 };
  }

  /** Where this login begins. */
  async #home(): Promise<string | undefined> {
    const ask = (done: Callback<string>) => this.#sftp.realpath('.', done);
    return this.#ask<string>('looking', ask).catch(() => undefined);
  }
}

/** One that fails before anybody waits for it is told to who does, and ends nothing until then. */
function quiet<T>(asked: Promise<T>): Promise<T> {
  asked.catch(() => {});
  return asked;
}
