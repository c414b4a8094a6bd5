import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  request as requestHttp,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../../../../../lib/dsl/source/store.ts';
import { openS3 } from '../../../../../../lib/etcd/operations/backup/stores/s3.ts';
import { freePort } from '../../../../support/free-port.ts';

const MIB = 2 ** 20;
const SECRET = 'S3RVER';

/** An S3 of real software. It knows keys by their ID, and takes any signature of theirs: for those see `s3-signed`. */
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

  it('go through the proxy of the environment, unless NO_PROXY names the server', async () => {
    const asked: string[] = [];
    const proxy = createHttpServer((request, response) => {
      const { url = '', method = '', headers } = request;
      asked.push(`${method} ${new URL(url).pathname}`);
      const on = requestHttp(url, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(on);
    });
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const through = { ...env, HTTP_PROXY: `http://127.0.0.1:${port}` };
    try {
      const store = await openS3('s3://backups/far', through);
      const bytes = Buffer.alloc(17 * MIB, 'snapshot');
      await store.write('one.db', pieces(bytes));
      const read: Uint8Array[] = [];
      for await (const piece of store.read('one.db')) read.push(piece);
      expect(Buffer.concat(read).equals(bytes)).toBe(true);
      await store.remove('one.db');
      expect(await names(store)).toEqual([]);
      expect(new Set(asked)).toEqual(
        new Set(
          ['POST', 'PUT', 'GET', 'DELETE']
            .map((method) => `${method} /backups/far/one.db`)
            .concat('GET /backups'),
        ),
      );
      const before = asked.length;
      await (await openS3('s3://backups/far', { ...through, NO_PROXY: '127.0.0.1' })).list();
      expect(asked.length).toBe(before);
    } finally {
      proxy.close();
    }
  });

  it('ask a proxy for a tunnel to a server with TLS, and say what it answers', async () => {
    const asked: string[] = [];
    const proxy = createHttpServer().on('connect', ({ url }, socket) => {
      asked.push(String(url));
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const far = { AWS_ENDPOINT_URL: 'https://s3.example', HTTPS_PROXY: `http://127.0.0.1:${port}` };
    try {
      await expect((await openS3('s3://backups', { ...env, ...far })).list()).rejects.toMatchObject({
        exitCode: 4,
        message: expect.stringMatching(/the proxy 127\.0\.0\.1:\d+ answered 403 Forbidden$/),
      });
      expect(asked).toEqual(['s3.example:443']);
    } finally {
      proxy.close();
    }
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
      /^s3:\/\/backups\/x: listing failed: InvalidAccessKeyId: it does not know the key in AWS_ACCESS_KEY_ID$/,
    ],
    [
      'a bucket that is not there',
      {},
      's3://other',
      /^s3:\/\/other: listing failed: NoSuchBucket: there is no such bucket$/,
    ],
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

/** What the S3 above never says. */
describe('an S3 that', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const storeOf = async (answer: (request: IncomingMessage, response: ServerResponse) => void) => {
    const server = createHttpServer((request, response) => {
      request.resume();
      answer(request, response);
    });
    servers.push(server);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    return openS3('s3://backups', {
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    });
  };

  it('says 404 to a file that is gone has done what was wanted', async () => {
    const store = await storeOf((_request, response) => response.writeHead(404).end());
    await store.remove('x');
  });

  it('gives keys for a time gets their token, signed with the rest', async () => {
    const seen: (string | undefined)[] = [];
    const server = createHttpServer(({ headers }, response) => {
      seen.push(String(headers['x-amz-security-token']), headers.authorization);
      response.end('<ListBucketResult></ListBucketResult>');
    });
    servers.push(server);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const keys = {
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_SESSION_TOKEN: 'to/ken+of=it',
    };
    await (await openS3('s3://b-1', { ...keys, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` })).list();
    expect(seen).toEqual(['to/ken+of=it', expect.stringMatching(/SignedHeaders=[^,]*x-amz-security-token/)]);
  });

  it('that says for ever that there is more is not listed for ever', async () => {
    const store = await storeOf((_request, response) => {
      const more = '<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>';
      response.end(
        `<ListBucketResult>${more}<Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>`,
      );
    });
    await expect(store.list()).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('it comes to no end after 2 objects'),
    });
  });

  it('takes files with Object Lock: each comes with its MD5, signed with the rest', async () => {
    const seen: unknown[] = [];
    const store = await storeOf(({ method, headers }, response) => {
      seen.push([
        method,
        headers['content-md5'],
        /SignedHeaders=content-md5;/.test(String(headers.authorization)),
      ]);
      response.end('<ListBucketResult></ListBucketResult>');
    });
    await store.list();
    await store.write('x', pieces(Buffer.from('snapshot')));
    expect(seen).toEqual([
      ['GET', undefined, false],
      ['PUT', createHash('md5').update('snapshot').digest('base64'), true],
    ]);
  });

  it('goes on from a token with signs of XML in it', async () => {
    const asked: (string | null)[] = [];
    const store = await storeOf(({ url = '' }, response) => {
      asked.push(new URL(url, 'http://s3').searchParams.get('continuation-token'));
      const next = '<NextContinuationToken>a&amp;b&lt;</NextContinuationToken>';
      const more = `<IsTruncated>true</IsTruncated>${next}`;
      response.end(`<ListBucketResult>${asked.length === 1 ? more : ''}</ListBucketResult>`);
    });
    await store.list();
    expect(asked).toEqual([null, 'a&b<']);
  });

  it.each([
    '<NextContinuationToken></NextContinuationToken>',
    '<IsTruncated>true</IsTruncated><NextContinuationToken></NextContinuationToken>',
    '<IsTruncated>false</IsTruncated><NextContinuationToken>a</NextContinuationToken>',
  ])('is at its end with %s', async (end) => {
    let asked = 0;
    const store = await storeOf((_request, response) => {
      asked++;
      response.end(`<ListBucketResult>${asked < 3 ? end : ''}</ListBucketResult>`);
    });
    await store.list();
    expect(asked).toBe(1);
  });

  it('does not say that an upload is whole has none', async () => {
    const store = await storeOf(({ url = '', method }, response) => {
      response.setHeader('etag', 'e');
      const begun = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
      response.end(method === 'POST' && url.includes('uploads') ? begun : '<Error/>');
    });
    await expect(store.write('x', pieces(Buffer.alloc(17 * MIB)))).rejects.toThrow(/writing x failed/);
  });

  it.each<
    [code: string, header: Record<string, string>, more: string, said: RegExp, hint: RegExp, exitCode: number]
  >([
    ['ExpiredToken', {}, '', /the time of AWS_SESSION_TOKEN is over/, /export-credentials/, 1],
    ['InvalidToken', {}, '', /AWS_SESSION_TOKEN does not belong to this key/, /all three/, 1],
    [
      'PermanentRedirect',
      { 'x-amz-bucket-region': 'eu-west-1' },
      '',
      /in the region eu-west-1/,
      /^set AWS_REGION=eu-west-1$/,
      1,
    ],
    [
      'AuthorizationHeaderMalformed',
      {},
      '<Region>eu-west-1</Region>',
      /in the region eu-west-1/,
      /AWS_REGION=eu-west-1/,
      1,
    ],
    ['AccessDenied', {}, '', /this key may not do that/, /s3:ListBucket/, 2],
    ['QuotaExceeded', {}, '', /QuotaExceeded$/, /check the bucket/, 2],
    ['XMinioStorageFull', {}, '<Region>eu-1</Region>', /XMinioStorageFull$/, /check the bucket/, 2],
    [
      'RequestTimeTooSkewed',
      { date: 'Sun, 01 Jan 2017 00:00:00 GMT' },
      '',
      /\d+ min ahead of the server's/,
      /NTP/,
      2,
    ],
  ])('says %s is told with what that means', async (code, header, more, said, hint, exitCode) => {
    const store = await storeOf((_request, response) => {
      response
        .writeHead(403, header)
        .end(`<Error><Code>${code}</Code><Message>hidden</Message>${more}</Error>`);
    });
    const error = await store.list().catch((error: Error) => error);
    expect(error).toMatchObject({
      message: expect.stringMatching(said),
      hint: expect.stringMatching(hint),
      exitCode,
    });
    expect(JSON.stringify(error)).not.toContain('hidden');
  });

  it('drops a line is asked again', async () => {
    let asked = 0;
    const store = await storeOf((request, response) => {
      asked += 1;
      if (asked === 1) request.socket.destroy();
      else response.end('<ListBucketResult></ListBucketResult>');
    });
    expect([await store.list(), asked]).toEqual([[], 2]);
  });
});

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 3 * MIB) yield bytes.subarray(at, at + 3 * MIB);
}
