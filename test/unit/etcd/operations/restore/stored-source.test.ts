import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../../../lib/dsl/source/store.ts';
import { sealing } from '../../../../../lib/etcd/operations/backup/seal.ts';
import { folderStore } from '../../../../../lib/etcd/operations/backup/stores/folder.ts';
import { flagProblems } from '../../../../../lib/etcd/operations/restore/flags.ts';
import { findSource } from '../../../../../lib/etcd/operations/restore/source.ts';
import { fakeCluster } from '../../../support/fake-cluster.ts';
import { scratch } from '../../../support/scratch.ts';

const NAME = 'prod-20261127T101500Z-r41.db';
const PLACE = 'sftp://backup@vault/srv/etcd/';
const DATA = Buffer.alloc(1024, 'snapshot');
const BYTES = Buffer.concat([DATA, createHash('sha256').update(DATA).digest()]);

function described(sha256 = createHash('sha256').update(BYTES).digest('hex')): string {
  const texts = {
    time: '2026-11-27T10:15:00Z',
    member: 'etcd01',
    cluster: 'prod',
    clusterId: 'c',
    version: '3.5.30',
  };
  return JSON.stringify({ ...texts, run: 'r', revision: 41, keys: 3, size: DATA.length, hash: 7, sha256 });
}

/** A place behind SFTP, which is a folder here; each file that is read whole or in part is noted. */
function vault(files: Readonly<Record<string, string | Buffer>>) {
  const folder = scratch();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  const { cluster: known } = fakeCluster([{}]);
  const cluster = { ...known, name: 'prod', controlDir: join(scratch(), 'control') };
  const read: string[] = [];
  const said: string[] = [];
  const opened: string[] = [];
  const store: Store = {
    ...folderStore(folder),
    read(name) {
      read.push(name);
      return folderStore(folder).read(name);
    },
  };
  const run = {
    log: (_level: 'info' | 'warning', message: string) => void said.push(message),
    openSftp: async (address: string) => {
      opened.push(address);
      return store;
    },
  };
  const find = (file = NAME, identity?: string) => findSource(run, `${PLACE}${file}`, cluster, [], identity);
  const left = () => (existsSync(cluster.controlDir) ? readdirSync(cluster.controlDir) : []);
  return { find, read, said, opened, left, control: cluster.controlDir };
}

describe('a copy in a store that is to be restored', () => {
  it('is known by its description, and fetched once when a host is to have it', async () => {
    const { find, read, said, opened, left } = vault({
      [NAME]: BYTES,
      [NAME.replace('.db', '.json')]: described(),
    });
    const source = await find();
    expect(source).toMatchObject({ bytes: BYTES.length, known: { revision: 41, cluster: 'prod' } });
    expect(source.sha256).toBe(createHash('sha256').update(BYTES).digest('hex'));
    expect([read, left()]).toEqual([[NAME.replace('.db', '.json')], []]);
    expect(said).toEqual([
      expect.stringContaining(`${PLACE}${NAME} (1.0 KiB) is fetched when the first host`),
    ]);
    const path = await source.path();
    expect([await source.path(), readFileSync(path).equals(BYTES)]).toEqual([path, true]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect([...new Set(opened)]).toEqual([PLACE]);
    expect(read.filter((name) => name === NAME)).toHaveLength(1);
    source.release?.();
    await expect.poll(left).toEqual([]);
    expect(readFileSync(await source.path()).equals(BYTES)).toBe(true);
    source.release?.();
  });

  it('that a killed run had here goes with the rerun, also where nothing is to be fetched any more', async () => {
    const { find, left, control } = vault({ [NAME]: BYTES, [NAME.replace('.db', '.json')]: described() });
    const source = await find();
    const mine = basename(dirname(await source.path()));
    mkdirSync(join(control, mine.replace(`-${process.pid}-`, '-4194999-')));
    source.release?.();
    await find();
    await expect.poll(left).toEqual([]);
  });

  it('that is encrypted is opened on its way, and a key that does not fit is told before', async () => {
    const identity = await generateX25519Identity();
    const key = join(scratch(), 'key');
    writeFileSync(key, `${identity}\n`, { mode: 0o600 });
    const sealed = async (to: string) => {
      return { [`${NAME}.age`]: await sealedFor(to, BYTES), [NAME.replace('.db', '.json')]: described() };
    };
    const ours = vault(await sealed(identity));
    const source = await ours.find(`${NAME}.age`, key);
    expect([source.bytes, ours.left()]).toEqual([BYTES.length, []]);
    expect(readFileSync(await source.path()).equals(BYTES)).toBe(true);
    source.release?.();
    const other = vault(await sealed(await generateX25519Identity()));
    await expect(other.find(`${NAME}.age`, key)).rejects.toMatchObject({ exitCode: 5 });
    expect(other.left()).toEqual([]);
  });

  it('that nothing describes is fetched to be looked at, and said to be', async () => {
    const { find, said } = vault({ 'mine.db': BYTES });
    const source = await find('mine.db');
    expect([source.known, source.bytes]).toEqual([undefined, BYTES.length]);
    expect(said).toEqual([expect.stringContaining('has no description beside it')]);
    source.release?.();
  });

  const beside = NAME.replace('.db', '.json');
  it.each<[what: string, files: Record<string, string | Buffer>, exitCode: number, said: RegExp]>([
    ['is not there', {}, 1, /^prod: there is no sftp:/],
    ['is cut short', { [NAME]: BYTES.subarray(0, 900), [beside]: described() }, 5, /has 900 bytes/],
    ['is another than described', { [NAME]: BYTES, [beside]: described('0'.repeat(64)) }, 5, /wanted 0000/],
    [
      'has been changed, and has no description',
      { [NAME]: BYTES.with(5, 0) as Buffer },
      5,
      /not a whole snapshot/,
    ],
  ])('that %s is refused, and nothing of it stays', async (_what, files, exitCode, said) => {
    const { find, left } = vault(files);
    const error = await find()
      .then((source) => source.path())
      .catch((error: Error) => error);
    expect(error).toMatchObject({ exitCode, message: expect.stringMatching(said) });
    expect(left()).toEqual([]);
  });
});

it('a db file of a data directory gets no line with the file that goes with the run', async () => {
  const { find, control } = vault({ 'raw.db': DATA });
  const error = await find('raw.db').catch((thrown) => thrown);
  expect(error).toMatchObject({
    message: expect.stringMatching(/^sftp:.*raw\.db is not a whole snapshot/),
    hint: expect.stringMatching(/bring it to this machine, not encrypted, and name that file/),
  });
  expect(`${error.message}${error.hint}`).not.toContain(control);
  const key = join(scratch(), 'key');
  const identity = await generateX25519Identity();
  writeFileSync(key, `${identity}\n`, { mode: 0o600 });
  const file = join(scratch(), 'raw.db.age');
  writeFileSync(file, await sealedFor(identity, DATA));
  const cluster = { ...fakeCluster([{}]).cluster, controlDir: control };
  const sealed = findSource(fakeCluster([{}]).run(), file, cluster, [], key);
  await expect(sealed).rejects.toMatchObject({
    message: expect.stringContaining(`${file} is not a whole snapshot`),
    hint: expect.stringContaining('bring it to this machine, not encrypted'),
  });
});

describe('the command line of restore', () => {
  const problems = async (vars: Record<string, unknown>) => {
    const { hosts } = fakeCluster([{}], vars);
    return (await flagProblems(hosts.map(({ target }) => target))).map(({ message }) => message);
  };

  it.each(['sftp://backup@vault/srv/etcd/x.db', 'sftp://vault/x.db', 'sftp://vault/~/x.db'])(
    'takes %s',
    async (from) => {
      expect(await problems({ from })).toEqual([]);
    },
  );

  it.each<[from: string, said: RegExp]>([
    ['sftp://vault/srv/etcd', /^--from sftp:\/\/vault\/srv\/etcd: this names no snapshot/],
    ['sftp://vault/srv/etcd/', /this names no snapshot/],
    ['sftp://me:hidden@vault/x.db', /^--from sftp:\/\/me@vault\/x.db: a password in a command line/],
    ['s3://bucket/x.db', /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY not set/],
    ['sftp://vault/srv/x.db.age', /it is encrypted$/],
    ['ftp://vault/x.db', /no such file/],
  ])('refuses %s before any contact', async (from, said) => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[name];
    expect(await problems({ from })).toEqual([expect.stringMatching(said)]);
  });

  it('reads the identity before any contact', async () => {
    expect(await problems({ from: 'sftp://vault/x.db.age', identity: '/none' })).toEqual([
      '--identity /none is not there',
    ]);
  });
});

async function sealedFor(identity: string, bytes: Buffer): Promise<Buffer> {
  const seal = await sealing([await identityToRecipient(identity)]);
  const all: Uint8Array[] = [];
  for await (const piece of seal(pieces(bytes))) all.push(piece);
  return Buffer.concat(all);
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}
