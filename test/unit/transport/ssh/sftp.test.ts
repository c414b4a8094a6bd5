import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Store } from '../../../../lib/dsl/source/store.ts';
import { openSftpFolder } from '../../../../lib/transport/ssh/sftp.ts';
import { SftpFiles, type SftpOptions } from '../support/sftp-server.ts';
import { keyFile, startServer } from '../support/ssh-bench.ts';
import type { ServerOptions, SshServer } from '../support/ssh-server.ts';

const BYTES = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
/** A server that is slow is none that has stopped. */
const STALL_MS = 300;

async function opened(options: ServerOptions, folder = '/srv/etcd'): Promise<{ name: string; store: Store }> {
  const server = await startServer(options);
  const name = `sftp://joe@127.0.0.1:${server.port}${folder}`;
  letIn(server);
  const store = await openSftpFolder(name, {}, STALL_MS);
  onTestFinished(() => store.close());
  return { name, store };
}

/** As ssh_config of the test's own home has it. */
function letIn(server: SshServer): void {
  const folder = join(process.env.HOME as string, '.ssh');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lines = `IdentityFile ${keyFile()}\nUserKnownHostsFile ${server.knownFile(folder)}\n`;
  writeFileSync(join(folder, 'config'), lines, { mode: 0o600 });
}

async function withFiles(options: SftpOptions = {}, folder?: string) {
  const files = new SftpFiles(options);
  return { ...(await opened({ sftp: files.serve }, folder)), files: files.files, folders: files.folders };
}

async function* pieces(bytes = BYTES): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

async function readAll(store: Store, name: string): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of store.read(name)) all.push(piece);
  return Buffer.concat(all);
}

describe('a folder behind SFTP', () => {
  it.each([0, 300, 32 * 1024, 300_000])('takes in and gives back %i bytes', async (size) => {
    const { store, files } = await withFiles();
    const bytes = BYTES.subarray(0, size);
    await store.write('one.db', pieces(bytes));
    expect([...files.keys()]).toEqual(['/srv/etcd/one.db']);
    expect((await store.list()).map(({ name, size }) => [name, size])).toEqual([['one.db', size]]);
    expect((await readAll(store, 'one.db')).equals(bytes)).toBe(true);
    await store.remove('one.db');
    await store.remove('one.db');
    expect(await store.list()).toEqual([]);
  });

  it('is written over what is there, by servers whose rename does not, and after a kill', async () => {
    const { store, files } = await withFiles();
    files.set('/srv/etcd/one.db', Buffer.from('old'));
    files.set('/srv/etcd/.one.db.part', Buffer.from('of a run that was killed'));
    await store.write('one.db', pieces());
    expect([...files.keys()]).toEqual(['/srv/etcd/one.db']);
    expect(files.get('/srv/etcd/one.db')?.equals(BYTES)).toBe(true);
  });

  it('begins in the home of a login that sees nothing else, and it is said where that is', async () => {
    const { store, files } = await withFiles({ home: '/upload' }, '/~/etcd');
    await store.write('one.db', pieces());
    expect([...files.keys()]).toEqual(['/upload/etcd/one.db']);
    const { store: other, name } = await withFiles({ home: '/upload' }, '/backups/etcd');
    await expect(other.write('one.db', pieces())).rejects.toMatchObject({
      message: `${name}: making /backups failed: Permission denied`,
      hint: expect.stringMatching(/^this login begins in \/upload, .*\/~\/folder$/),
      exitCode: 2,
    });
  });

  it.each<[what: string, options: SftpOptions, said: RegExp, hint: RegExp]>([
    ['is full', { room: 100_000 }, /writing one.db failed: Failure$/, /has it room/],
    [
      'is read-only',
      { readOnly: true },
      /making \/srv\/etcd failed: Permission denied$/,
      /this login begins/,
    ],
    [
      'loses what it takes',
      { drops: true },
      /writing one.db failed: 0 bytes are there, wanted 300000$/,
      /room/,
    ],
  ])('that %s has no half file afterwards, and says so', async (_what, options, said, hint) => {
    const { store, files, name } = await withFiles(options);
    const error = await store.write('one.db', pieces()).catch((error: Error) => error);
    expect(error).toMatchObject({
      message: expect.stringMatching(said),
      hint: expect.stringMatching(hint),
      exitCode: 2,
    });
    expect((error as Error).message.startsWith(`${name}: `)).toBe(true);
    expect([...files.keys()]).toEqual([]);
  });

  it.each<[what: string, options: SftpOptions, ask: (store: Store) => Promise<unknown>]>([
    ['at the first byte', { stalls: 'OPEN' }, (store) => store.write('one.db', pieces())],
    [
      'in the middle of a file it takes',
      { stalls: 'WRITE', stallsAfter: 4 },
      (store) => store.write('one.db', pieces()),
    ],
    ['before it names it', { stalls: 'RENAME' }, (store) => store.write('one.db', pieces())],
    [
      'in the middle of a file it gives',
      { stalls: 'READ', stallsAfter: 4 },
      (store) => readAll(store, 'there.db'),
    ],
    ['while it lists', { stalls: 'READDIR' }, (store) => store.list()],
  ])('that stops answering %s is given up, and nothing there looks whole', async (_what, options, ask) => {
    const { store, files, folders, name } = await withFiles(options);
    folders.add('/srv/etcd');
    files.set('/srv/etcd/there.db', BYTES);
    const began = performance.now();
    await expect(ask(store)).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`^${name}: .* failed: no answer within 0.3 s$`)),
      hint: expect.stringContaining('what that server waits for'),
      exitCode: 4,
    });
    expect(performance.now() - began).toBeLessThan(10 * STALL_MS);
    expect(files.has('/srv/etcd/one.db')).toBe(false);
  });

  it.each<[what: string, options: ServerOptions, said: RegExp]>([
    [
      'says nothing to who asks for SFTP',
      { ignoresSftp: true },
      /sshd gives no SFTP: no answer within 0.3 s/,
    ],
    ['has none', {}, /sshd gives no SFTP: /],
  ])('of a server that %s is not waited for', async (_what, options, said) => {
    await expect(opened(options)).rejects.toMatchObject({
      message: expect.stringMatching(said),
      hint: expect.stringContaining('subsystem sftp'),
      exitCode: 4,
    });
  });
});
