import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../../../../lib/dsl/store.ts';
import { openS3 } from '../../../../../lib/etcd/operations/backup/stores/s3.ts';

const MIB = 2 ** 20;
const SECRET = 'S3RVER';

/** An S3 of real software. It knows keys by their ID, and takes any signature of theirs. */
describe('copies in S3', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-s3-'));
  let server: ChildProcess | undefined;
  let env: Record<string, string>;
  beforeAll(async () => {
    const port = await freePort();
    const program = createRequire(import.meta.url).resolve('s3rver/bin/s3rver.js');
    const args = ['-d', folder, '-a', '127.0.0.1', '-p', String(port), '--configure-bucket', 'backups'];
    server = spawn(process.execPath, ['--no-deprecation', program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve, reject) => {
      server?.once('exit', reject);
      server?.stdout?.once('data', resolve);
    });
    env = {
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}/`,
    };
  });
  afterAll(() => {
    server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const names = async (store: Store) => (await store.list()).map(({ name }) => name).sort();

  it.each([
    ['nothing', 0],
    ['a description', 300],
    ['exactly a part', 16 * MIB],
    ['several parts', 33 * MIB + 5],
  ])('take %s in, give it back, and let it go', async (_what, size) => {
    const store = await openS3('s3://backups/etcd/prod', env);
    const bytes = Buffer.alloc(size, 'snapshot');
    await store.write('one.db', pieces(bytes));
    const [found] = await store.list();
    expect(found).toMatchObject({ name: 'one.db', size });
    expect(Math.abs(found?.age ?? Number.NaN)).toBeLessThan(60_000);
    const digest = createHash('sha256');
    for await (const piece of store.read('one.db')) digest.update(piece);
    expect(digest.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
    await store.remove('one.db');
    await store.remove('one.db');
    expect(await names(store)).toEqual([]);
  });

  it('keep prefixes apart', async () => {
    const [all, prod] = [await openS3('s3://backups', env), await openS3('s3://backups/prod/', env)];
    await all.write('a.db', pieces(Buffer.from('a')));
    await prod.write('b.db', pieces(Buffer.from('b')));
    expect([await names(all), await names(prod)]).toEqual([['a.db'], ['b.db']]);
  });

  it.each([1, 40 * MIB])('of which %i bytes came before it broke off are none', async (size) => {
    const store = await openS3('s3://backups/torn', env);
    const torn = async function* () {
      yield* pieces(Buffer.alloc(size));
      throw new Error('it broke off');
    };
    await expect(store.write('torn.db', torn())).rejects.toThrow('it broke off');
    expect(await names(store)).toEqual([]);
  });

  it.each<[string, Record<string, string>, string, RegExp]>([
    [
      'its code, and no key',
      { AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'hidden' },
      's3://backups/x',
      /^s3:\/\/backups\/x: listing failed: InvalidAccessKeyId$/,
    ],
    ['a bucket that is not there', {}, 's3://other', /^s3:\/\/other: listing failed: NoSuchBucket$/],
    [
      'an endpoint where nobody listens',
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
      's3://backups',
      /ECONNREFUSED|bad port/,
    ],
  ])('say %s', async (_what, change, address, said) => {
    const store = await openS3(address, { ...env, ...change });
    const error = await store.list().then(
      () => undefined,
      (error: Error) => error,
    );
    expect(error?.message).toMatch(said);
    expect(JSON.stringify([error?.message, error])).not.toContain('hidden');
  });
});

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 3 * MIB) yield bytes.subarray(at, at + 3 * MIB);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
