import ssh2, { type SFTPWrapper } from 'ssh2';

const { STATUS_CODE } = ssh2.utils.sftp;
const FOLDER = 0o040755;

/** In what a server of a test is not like one with room, rights and patience. */
export interface SftpOptions {
  /** Requests that it never answers once `stallsAfter` of them were. */
  readonly stalls?: 'OPEN' | 'READ' | 'WRITE' | 'RENAME' | 'READDIR';
  readonly stallsAfter?: number;
  /** Bytes that its disk has room for; more is "Failure". */
  readonly room?: number;
  /** It says that bytes were written, and drops them. */
  readonly drops?: boolean;
  /** Nothing may be written, or made: permission denied. */
  readonly readOnly?: boolean;
  /** Where a login begins; nothing may be made elsewhere. */
  readonly home?: string;
}

/** Files by path, in memory: version 3 of SFTP without any extension, so without a rename that overwrites. */
export class SftpFiles {
  readonly files = new Map<string, Buffer>();
  readonly folders = new Set<string>(['/', '/srv']);
  readonly #options: SftpOptions;
  #stalled = 0;

  constructor(options: SftpOptions = {}) {
    this.#options = options;
    if (options.home) this.folders.add(options.home);
  }

  readonly serve = (sftp: SFTPWrapper): void => {
    const open = new Map<string, string>();
    const { readOnly, room = Number.POSITIVE_INFINITY, home = '/', drops } = this.#options;
    const pathOf = (path: string) =>
      (path.startsWith('/') ? path : `${home}/${path}`).replace(/\/\.?(?=\/)|\/\.$/g, '');
    const handleOf = (path: string) => {
      const handle = Buffer.from(String(open.size));
      open.set(handle.toString(), path);
      return handle;
    };
    const fileOf = (handle: Buffer) => open.get(handle.toString()) ?? '';
    const say = (id: number, code: keyof typeof STATUS_CODE) => sftp.status(id, STATUS_CODE[code]);
    const on = (event: string, work: (id: number, ...rest: never[]) => void) =>
      sftp.on(
        event as never,
        ((id: number, ...rest: never[]) => {
          if (!this.#isStalled(event)) work(id, ...rest);
        }) as never,
      );
    on('OPEN', (id, path: string, flags: number) => {
      const file = pathOf(path);
      const writes = (flags & 2) !== 0;
      if (writes && readOnly) return say(id, 'PERMISSION_DENIED');
      if (!writes && !this.files.has(file)) return say(id, 'NO_SUCH_FILE');
      if (writes) this.files.set(file, Buffer.alloc(0));
      return sftp.handle(id, handleOf(file));
    });
    on('WRITE', (id, handle: Buffer, at: number, data: Buffer) => {
      const file = fileOf(handle);
      const before = this.files.get(file) ?? Buffer.alloc(0);
      if (at + data.length > room) return say(id, 'FAILURE');
      if (drops) return say(id, 'OK');
      const all = Buffer.alloc(Math.max(before.length, at + data.length));
      before.copy(all);
      data.copy(all, at);
      this.files.set(file, all);
      return say(id, 'OK');
    });
    on('READ', (id, handle: Buffer, at: number, length: number) => {
      // Never all that was asked for: a server may give less.
      const data = this.files.get(fileOf(handle))?.subarray(at, at + Math.min(length, 20_000));
      if (!data?.length) return say(id, 'EOF');
      return sftp.data(id, data);
    });
    on('CLOSE', (id) => say(id, 'OK'));
    const stat = (id: number, path: string) => {
      const file = this.files.get(pathOf(path));
      if (file === undefined && !this.folders.has(pathOf(path))) return say(id, 'NO_SUCH_FILE');
      return sftp.attrs(id, attributesOf(file));
    };
    on('STAT', stat as never);
    on('LSTAT', stat as never);
    on('OPENDIR', (id, path: string) =>
      this.folders.has(pathOf(path)) ? sftp.handle(id, handleOf(pathOf(path))) : say(id, 'NO_SUCH_FILE'),
    );
    const listed = new Set<string>();
    on('READDIR', (id, handle: Buffer) => {
      if (listed.has(handle.toString())) return say(id, 'EOF');
      listed.add(handle.toString());
      const below = `${fileOf(handle)}/`.replace('//', '/');
      const names = [...this.files].filter(([path]) => path.startsWith(below));
      return sftp.name(
        id,
        names.map(([path, file]) => {
          const filename = path.slice(below.length);
          return { filename, longname: filename, attrs: attributesOf(file) };
        }) as never,
      );
    });
    on('MKDIR', (id, path: string) => {
      if (readOnly || !pathOf(path).startsWith(home)) return say(id, 'PERMISSION_DENIED');
      this.folders.add(pathOf(path));
      return say(id, 'OK');
    });
    on('REMOVE', (id, path: string) => say(id, this.files.delete(pathOf(path)) ? 'OK' : 'NO_SUCH_FILE'));
    on('RENAME', (id, from: string, to: string) => {
      const file = this.files.get(pathOf(from));
      if (file === undefined || this.files.has(pathOf(to))) return say(id, 'FAILURE');
      this.files.delete(pathOf(from));
      this.files.set(pathOf(to), file);
      return say(id, 'OK');
    });
    on('REALPATH', (id) =>
      sftp.name(id, [{ filename: home, longname: home, attrs: attributesOf(undefined) }] as never),
    );
  };

  #isStalled(event: string): boolean {
    const { stalls, stallsAfter = 0 } = this.#options;
    if (event !== stalls) return false;
    this.#stalled += 1;
    return this.#stalled > stallsAfter;
  }
}

function attributesOf(file: Buffer | undefined) {
  const time = Math.floor(Date.now() / 1000);
  const mode = file === undefined ? FOLDER : 0o100600;
  return { mode, uid: 0, gid: 0, size: file?.length ?? 0, atime: time, mtime: time };
}
