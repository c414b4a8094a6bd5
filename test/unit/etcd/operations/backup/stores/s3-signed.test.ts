import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Store } from '../../../../../../lib/dsl/source/store.ts';
import { openS3 } from '../../../../../../lib/etcd/operations/backup/stores/s3.ts';
import { freePort } from '../../../../support/free-port.ts';

/** Where `go install github.com/versity/versitygw/cmd/versitygw@v1.8.0` puts it, or PATH. */
const GATEWAY = [...(process.env.PATH ?? '').split(delimiter), join(homedir(), 'go/bin')]
  .map((folder) => join(folder, 'versitygw'))
  .find((program) => spawnSync(program, ['--version']).status === 0);
const WHY = GATEWAY === undefined ? ' (left out: there is no versitygw in PATH, nor in ~/go/bin)' : '';

const KEY = 'quorate-test';
const SECRET = 'hidden/secret+of=a/key';
const REGION = 'eu-central-1';

/** An S3 that computes each signature itself, and takes no other. */
describe.skipIf(GATEWAY === undefined)(`copies in an S3 that verifies signatures${WHY}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-s3-'));
  let server: ChildProcess | undefined;
  let env: Record<string, string>;
  beforeAll(async () => {
    const port = await freePort();
    mkdirSync(join(folder, 'backups'));
    const args = ['--port', `127.0.0.1:${port}`, '--region', REGION, '--virtual-domain', 's3.test'];
    server = spawn(GATEWAY as string, [...args, 'posix', folder], {
      env: { ...process.env, ROOT_ACCESS_KEY: KEY, ROOT_SECRET_KEY: SECRET },
      stdio: 'ignore',
    });
    const endpoint = `http://127.0.0.1:${port}`;
    for (let tries = 0; tries < 100; tries++) {
      if (await fetch(endpoint).catch(() => undefined)) break;
      await setTimeout(50);
    }
    env = {
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_REGION: REGION,
      AWS_ENDPOINT_URL: endpoint,
    };
  });
  afterAll(async () => {
    if (server?.kill()) await once(server, 'exit');
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  const names = async (store: Store) => (await store.list()).map(({ name }) => name).sort();
  const errorOf = async (change: Record<string, string>, address = 's3://backups/x') => {
    const store = await openS3(address, { ...env, ...change });
    return store.list().then(
      () => undefined,
      (error: Error & { exitCode: number; hint: string }) => error,
    );
  };

  it.each<[what: string, change: Record<string, string>]>([
    ['by AWS_REGION', {}],
    ['by AWS_DEFAULT_REGION', { AWS_REGION: '', AWS_DEFAULT_REGION: REGION }],
    ['at an endpoint with a slash after it', { slash: '/' }],
  ])('are taken in, listed, read and let go %s', async (_what, { slash = '', ...change }) => {
    const own = { ...env, ...change, AWS_ENDPOINT_URL: `${env.AWS_ENDPOINT_URL}${slash}` };
    const store = await openS3('s3://backups/etcd/prod', own);
    const bytes = Buffer.alloc(17 * 2 ** 20, 'snapshot');
    await store.write('one.db', pieces(bytes));
    await store.write('one.json', pieces(Buffer.from('{}')));
    expect(await names(store)).toEqual(['one.db', 'one.json']);
    expect((await readAll(store, 'one.db')).equals(bytes)).toBe(true);
    for (const name of await names(store)) await store.remove(name);
    expect(await names(store)).toEqual([]);
  });

  it.each(['two words', 'a+b', 'zürich', '100%', 'a%20b', "it's(1)*!", 'k=v&x', 'a,b;c:d@e', '日本'])(
    'may lie in a prefix %s',
    async (prefix) => {
      const store = await openS3(`s3://backups/${prefix}/in`, env);
      await store.write('one two+ü%.db', pieces(Buffer.from('bytes')));
      expect(await names(store)).toEqual(['one two+ü%.db']);
      expect((await readAll(store, 'one two+ü%.db')).toString()).toBe('bytes');
      await store.remove('one two+ü%.db');
      expect(await names(store)).toEqual([]);
    },
  );

  it('are listed to the last of several pages', async () => {
    const many = Array.from({ length: 2005 }, (_, i) => `prod-${String(i).padStart(5, '0')}.db`);
    mkdirSync(join(folder, 'backups/many & more'));
    for (const name of many) writeFileSync(join(folder, 'backups/many & more', name), '');
    expect(await names(await openS3('s3://backups/many & more', env))).toEqual(many);
  });

  it('may lie in a bucket whose name is in front of the host', async () => {
    const { lookup } = dns;
    // Names below .test are nobody's (RFC 6761): here they are this machine's.
    const asked = vi
      .spyOn(dns, 'lookup')
      .mockImplementation(((_name: string, ...rest: [never, never]) =>
        lookup('127.0.0.1', ...rest)) as typeof lookup);
    const endpoint = (env.AWS_ENDPOINT_URL as string).replace('127.0.0.1', 's3.test');
    const own = { ...env, AWS_ENDPOINT_URL: endpoint, AWS_S3_ADDRESSING_STYLE: 'virtual' };
    const store = await openS3('s3://backups/virtual', own);
    await store.write('one.db', pieces(Buffer.from('bytes')));
    expect(await names(store)).toEqual(['one.db']);
    expect([...new Set(asked.mock.calls.map(([name]) => name))]).toEqual(['backups.s3.test']);
    expect(await names(await openS3('s3://backups/virtual', env))).toEqual(['one.db']);
  });

  it.each<
    [what: string, change: Record<string, string>, address: string, said: RegExp, hint: RegExp, code: number]
  >([
    [
      'whose secret is another',
      { AWS_SECRET_ACCESS_KEY: 'hidden' },
      's3://backups/x',
      /SignatureDoesNotMatch: AWS_SECRET_ACCESS_KEY is not the secret/,
      /belong together/,
      1,
    ],
    [
      'that nobody knows',
      { AWS_ACCESS_KEY_ID: 'other' },
      's3://backups/x',
      /it does not know the key in AWS_ACCESS_KEY_ID/,
      /AWS_ENDPOINT_URL/,
      1,
    ],
    [
      'with a token that is not its own',
      { AWS_SESSION_TOKEN: 'hidden/to+ken=' },
      's3://backups/x',
      /InvalidToken: AWS_SESSION_TOKEN does not belong to this key/,
      /all three/,
      1,
    ],
    ['without a bucket', {}, 's3://other', /NoSuchBucket: there is no such bucket/, /make it first/, 1],
    [
      'of another region',
      { AWS_REGION: 'us-west-2' },
      's3://backups/x',
      /the bucket is in the region eu-central-1/,
      /^set AWS_REGION=eu-central-1$/,
      1,
    ],
  ])('are refused to a key %s, and no secret is told', async (_what, change, address, said, hint, code) => {
    const error = await errorOf(change, address);
    expect(error).toMatchObject({ message: expect.stringMatching(said), hint: expect.stringMatching(hint) });
    expect(error?.exitCode).toBe(code);
    expect(JSON.stringify([error?.message, error])).not.toMatch(/hidden/);
  });

  it('are refused to a machine whose clock is wrong, and it is told by how much', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 20 * 60_000 });
    const error = await errorOf({});
    expect([error?.message, error?.hint, error?.exitCode]).toEqual([
      "s3://backups/x: listing failed: RequestTimeTooSkewed: the clock of this machine is 20 min behind the server's",
      expect.stringContaining('NTP'),
      2,
    ]);
  });
});

async function readAll(store: Store, name: string): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of store.read(name)) all.push(piece);
  return Buffer.concat(all);
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 2 ** 20) yield bytes.subarray(at, at + 2 ** 20);
}
