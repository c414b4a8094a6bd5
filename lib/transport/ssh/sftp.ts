import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SFTPWrapper } from 'ssh2';
import { passingName, type Store, type StoredFile } from '../../dsl/store.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { ConnectOptions } from '../connect-options.ts';
import { unreachable } from '../failures.ts';
import type { Connection } from '../host.ts';
import { jumpTo } from './ssh-jump.ts';
import { type Link, openLink } from './ssh-link.ts';
import { sshSettings } from './ssh-settings.ts';

/** How long the other end may leave a request unanswered, in ms. */
const STALL_MS = 60_000;

/** Connects to `sftp://[user@]host[:port]/folder`, whose ssh_config and host key count as any host's. */
export async function openSftpFolder(address: string, options: ConnectOptions): Promise<Store> {
  const connection = connectionOf(address);
  const settings = await sshSettings(connection);
  const jump = await jumpTo(settings, connection, options);
  const link = await openLink(settings, undefined, options, jump?.dial).catch((error) => {
    jump?.release();
    throw error;
  });
  const close = async () => {
    link.close();
    jump?.release();
  };
  try {
    const sftp = await link.ssh.requestSFTP();
    return { ...new SftpFolder(address, folderOf(address), sftp, link).store(), close };
  } catch (error) {
    await close();
    throw unreachable(
      connection.name,
      `sshd gives no SFTP: ${(error as Error).message}`,
      'is the subsystem sftp switched on there?',
    );
  }
}

/** As a host of the inventory would be reached that has nothing but a name, a port and a user. */
function connectionOf(address: string): Connection {
  const { hostname, port, username } = new URL(address);
  const name = hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    name,
    kind: 'ssh',
    address: name,
    port: port === '' ? undefined : Number(port),
    user: username === '' ? undefined : decodeURIComponent(username),
    password: undefined,
    keyFile: undefined,
    become: false,
    becomeUser: 'root',
    becomePassword: undefined,
    proxyJump: undefined,
    knownHostsFile: undefined,
    strictHostKeyChecking: undefined,
  };
}

/** `/~/x` is below the home of the login, where SFTP begins. */
function folderOf(address: string): string {
  const path = posix.normalize(decodeURIComponent(new URL(address).pathname)).replace(/(.)\/$/, '$1');
  return path.replace(/^\/~(?=\/|$)/, '.');
}

type Callback<T> = (error: Error | null | undefined, value?: T) => void;

/** SFTP by promises. A file or folder that is not there is no failure where nobody needs it. */
class SftpFolder {
  readonly #name: string;
  readonly #folder: string;
  readonly #sftp: SFTPWrapper;
  readonly #link: Link;

  constructor(name: string, folder: string, sftp: SFTPWrapper, link: Link) {
    this.#name = name;
    this.#folder = folder;
    this.#sftp = sftp;
    this.#link = link;
    // Requests under way are told; one that is not is no reason to end this process.
    sftp.on('error', () => {});
  }

  store(): Omit<Store, 'close'> {
    return {
      name: this.#name,
      list: () => this.#list(),
      read: (name) => this.#read(name),
      write: (name, bytes) => this.#write(name, bytes),
      remove: async (name) => {
        await this.#ask<void>(`removing ${name}`, (done) => this.#sftp.unlink(this.#path(name), done), true);
      },
    };
  }

  async #list(): Promise<readonly StoredFile[]> {
    const found = await this.#ask<
      readonly { filename: string; attrs: { size: number; mtime: number; isFile(): boolean } }[]
    >(`listing ${this.#folder}`, (done) => this.#sftp.readdir(this.#folder, done as never), true);
    return (found ?? [])
      .filter(({ attrs }) => attrs.isFile())
      .map(({ filename, attrs }) => ({
        name: filename,
        size: attrs.size,
        age: Date.now() - attrs.mtime * 1000,
      }));
  }

  async *#read(name: string): AsyncGenerator<Uint8Array> {
    const bytes = this.#sftp.createReadStream(this.#path(name), { highWaterMark: 1 << 18 });
    // Its file may still be closing when all was read and the connection goes: nobody listens any more then.
    bytes.on('error', () => {});
    try {
      yield* bytes as AsyncIterable<Buffer>;
    } catch (error) {
      throw this.#failed(`reading ${name}`, error as Error);
    }
  }

  async #write(name: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#makeFolder();
    const [path, passing] = [this.#path(name), this.#path(passingName(name))];
    await this.#ask('making way', (done) => this.#sftp.unlink(passing, done), true);
    try {
      const out = this.#sftp.createWriteStream(passing, { flags: 'wx', mode: 0o600 });
      out.on('error', () => {});
      await pipeline(Readable.from(bytes), out).catch((error) => {
        throw error instanceof QuorateError ? error : this.#failed(`writing ${name}`, error);
      });
      await this.#rename(passing, path);
    } catch (error) {
      await this.#ask('making way', (done) => this.#sftp.unlink(passing, done), true).catch(() => {});
      throw error;
    }
  }

  /** Over what is there: the protocol's own rename, which all servers have, refuses that. */
  async #rename(from: string, to: string): Promise<void> {
    try {
      await this.#ask(`naming ${to}`, (done) => this.#sftp.ext_openssh_rename(from, to, done));
    } catch {
      await this.#ask(`removing ${to}`, (done) => this.#sftp.unlink(to, done), true);
      await this.#ask(`naming ${to}`, (done) => this.#sftp.rename(from, to, done));
    }
  }

  async #makeFolder(): Promise<void> {
    const parts = this.#folder.split('/');
    for (let i = 1; i <= parts.length; i++) {
      const path = parts.slice(0, i).join('/');
      if (path === '' || path === '.') continue;
      const known = await this.#ask('looking', (done) => this.#sftp.stat(path, done as never), true);
      if (known === undefined)
        await this.#ask(`making ${path}`, (done) => this.#sftp.mkdir(path, { mode: 0o700 }, done));
    }
  }

  #path(name: string): string {
    return posix.join(this.#folder, name);
  }

  /** undefined where there is no such file, and `mayMiss`. */
  #ask<T>(doing: string, request: (done: Callback<T>) => void, mayMiss = false): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(this.#failed(doing, new Error(`no answer within ${STALL_MS / 1000} s`))),
        STALL_MS,
      );
      const done: Callback<T> = (error, value) => {
        clearTimeout(late);
        if (!error) resolve(value);
        else if (mayMiss && (error as { code?: unknown }).code === NO_SUCH_FILE) resolve(undefined);
        else reject(this.#failed(doing, error));
      };
      try {
        request(done);
      } catch (error) {
        done(error as Error);
      }
    });
  }

  #failed(doing: string, error: Error): QuorateError {
    const lost = this.#link.lost();
    return new QuorateError(`${this.#name}: ${doing} failed: ${lost ?? error.message}`, {
      exitCode: lost === undefined ? EXIT.failed : EXIT.unreachable,
      hint: 'may this login write there, and has its disk room?',
    });
  }
}

/** SSH_FX_NO_SUCH_FILE. */
const NO_SUCH_FILE = 2;
