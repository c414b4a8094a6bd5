import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fetchRelease } from '../../../lib/release/index.ts';
import { obtain } from '../../../lib/release/obtain.ts';
import { scratch } from '../support/scratch.ts';
import { cached, layout, mirror, quiet, request, serve } from './mirror.ts';
import { elf, release, sha256, tarball } from './tarball.ts';

const BYTES = tarball(release('3.5.30'));
const ENTRY = /^etcd-3\.5\.30-amd64-[0-9a-f]{12}$/;

describe('a release from a mirror', () => {
  it('comes verified and named with its digests', async () => {
    const { url, asked } = await mirror();
    const cache = scratch();
    const said: string[] = [];
    const result = await fetchRelease(request(cache, { url }), (text) => said.push(text));
    expect(result).toMatchObject({
      version: '3.5.30',
      from: url.replaceAll('{version}', '3.5.30').replace('{arch}', 'amd64'),
    });
    expect(result.files.map(({ name }) => name)).toEqual(['etcd', 'etcdctl', 'etcdutl']);
    for (const { name, path, sha256: digest } of result.files) {
      const bytes = await readFile(path);
      expect(bytes).toEqual(elf(`${name} 3.5.30`));
      expect(digest).toBe(sha256(bytes));
    }
    expect(asked.map((path) => path.split('/').pop())).toEqual([
      'etcd-v3.5.30-linux-amd64.tar.gz',
      'SHA256SUMS',
    ]);
    expect(said).toEqual(['downloading etcd 3.5.30: 1 of 1 MB', 'unpacking etcd 3.5.30']);
    expect(await cached(cache)).toEqual([expect.stringMatching(ENTRY)]);
  });

  it('is downloaded once for many hosts, all of whom hear of it', async () => {
    const { url, asked } = await mirror();
    const wanted = request(scratch(), { url });
    const said = Array.from({ length: 20 }, () => [] as string[]);
    const results = await Promise.all(
      said.map((list) => fetchRelease({ ...wanted }, (text) => list.push(text))),
    );
    expect(new Set(results).size).toBe(1);
    expect(asked).toHaveLength(2);
    expect(said[19]).toEqual(said[0]);
  });

  it('is asked for again after a failure', async () => {
    const { url, files } = await mirror(new Map());
    const wanted = request(scratch(), { url });
    await expect(fetchRelease(wanted, quiet)).rejects.toThrow(/answered 404/);
    for (const [path, bytes] of layout('3.5.30', BYTES)) files.set(path, bytes);
    expect(await fetchRelease(wanted, quiet)).toMatchObject({ version: '3.5.30' });
  });

  it('keeps tokens and passwords out of what is recorded and said', async () => {
    const { url, requests } = await mirror();
    const secret = url.replace('http://', 'http://user:pa%20ss@').concat('?token=hidden');
    const result = await obtain(request(scratch(), { url: secret }), quiet);
    expect(result.from).not.toMatch(/hidden|pa.*ss/);
    expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:pa ss').toString('base64')}`);
    const failure = await obtain(request(scratch(), { url: secret, version: '3.9.9' }), quiet).catch(
      (e) => e,
    );
    expect(failure.message).toMatch(/404/);
    expect(failure.message).not.toMatch(/hidden|pa.*ss/);
  });

  it.each([
    [
      'with its own pin, without SHA256SUMS',
      sha256(BYTES),
      new Map([...layout('3.5.30', BYTES)].slice(0, 1)),
    ],
    ['with a pin in capitals', sha256(BYTES).toUpperCase(), layout('3.5.30', BYTES)],
    [
      'with SHA256SUMS that says otherwise than the pin',
      sha256(BYTES),
      layout('3.5.30', BYTES, 'f'.repeat(64)),
    ],
  ])('is trusted %s', async (_what, pin, files) => {
    const { url } = await mirror(files);
    await expect(obtain(request(scratch(), { url, sha256: pin }), quiet)).resolves.toBeDefined();
  });
});

describe('plain http beyond this machine', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each(['http://192.0.2.1/v{version}/x.tar.gz', 'http://mirror.test/x.tar.gz', 'http://127.0.0.1.test/x'])(
    'is not trusted with digests that come the same way, nor contacted: %s',
    async (url) => {
      const failure = await obtain(request(scratch(), { url }), quiet).catch((error) => error);
      expect(failure).toMatchObject({ exitCode: 5, message: expect.stringContaining('plain http') });
      expect(failure.hint).toContain('set etcd_sha256');
    },
  );

  it('is not trusted where a redirect leads there', async () => {
    const { url } = await serve((_asked, response) =>
      response.writeHead(302, { location: 'http://192.0.2.1/x.tar.gz' }).end(),
    );
    const failure = await obtain(request(scratch(), { url: `${url}/x.tar.gz` }), quiet).catch((e) => e);
    expect(failure).toMatchObject({ exitCode: 5, message: expect.stringContaining('plain http') });
  });

  it('will do with a pinned digest', async () => {
    const { url, asked } = await mirror();
    vi.stubEnv('http_proxy', new URL(url.replace(/[{}]/g, '')).origin);
    vi.stubEnv('no_proxy', '');
    const path = [...layout('3.5.30', BYTES).keys()][0];
    const far = `http://mirror.test${path}`;
    const result = await obtain(request(scratch(), { url: far, sha256: sha256(BYTES) }), quiet).catch(
      (e) => e,
    );
    expect(asked.join()).toContain('etcd-v3.5.30');
    expect(result).toMatchObject({ version: '3.5.30' });
  });
});

describe('nothing is left behind, and the exit code says why, when', () => {
  const other = tarball(release('3.5.29'));
  it.each([
    [
      'the tarball was swapped',
      layout('3.5.30', other, sha256(BYTES)),
      {},
      5,
      [sha256(other), sha256(BYTES)],
    ],
    [
      'the tarball was cut off',
      layout('3.5.30', BYTES.subarray(0, 300), sha256(BYTES)),
      {},
      5,
      [sha256(BYTES.subarray(0, 300)), sha256(BYTES)],
    ],
    [
      'the pin is another',
      layout('3.5.30', BYTES),
      { sha256: 'a'.repeat(64) },
      5,
      [sha256(BYTES), 'a'.repeat(64)],
    ],
    ['there is no digest', new Map([...layout('3.5.30', BYTES)].slice(0, 1)), {}, 5, ['SHA256SUMS', '404']],
    [
      'SHA256SUMS does not name it',
      new Map([...layout('3.5.30', BYTES), ['/v3.5.30/SHA256SUMS', Buffer.from(`${sha256(BYTES)}  else\n`)]]),
      {},
      5,
      ['does not name etcd-v3.5.30-linux-amd64.tar.gz'],
    ],
    [
      'it is verified and malicious',
      layout('3.5.30', tarball([{ name: '../x' }])),
      {},
      5,
      ['leaves the folder'],
    ],
    ['the version does not exist', new Map(), {}, 2, ['v3.5.30/etcd-v3.5.30-linux-amd64.tar.gz', '404']],
    ['no version is set', layout('3.5.30', BYTES), { version: undefined }, 2, ['needs a version']],
    ['the version is a path', layout('3.5.30', BYTES), { version: '../3.5.30' }, 1, ['etcd_version']],
    [
      'the URL is of no kind we know',
      layout('3.5.30', BYTES),
      { url: 'ftp://host/x' },
      1,
      ['etcd_download_url'],
    ],
  ] as const)('%s', async (_what, files, more, exitCode, words) => {
    const { url } = await mirror(new Map(files));
    const cache = scratch();
    const failure = await obtain(request(cache, { url, ...more }), quiet).catch((error) => error);
    expect(failure).toMatchObject({ exitCode });
    for (const word of words) expect(failure.message).toContain(word);
    expect(await cached(cache)).toEqual([]);
  });

  it('the connection is lost halfway', async () => {
    const { url } = await serve((asked, response) => {
      if (asked.url?.endsWith('SHA256SUMS')) return void response.end(`${sha256(BYTES)}  x.tar.gz\n`);
      response.writeHead(200, { 'content-length': BYTES.length });
      response.write(BYTES.subarray(0, 100), () => setTimeout(() => response.destroy(), 50));
    });
    const cache = scratch();
    const failure = await obtain(request(cache, { url: `${url}/x.tar.gz` }), quiet).catch((error) => error);
    expect(failure).toMatchObject({ exitCode: 5 });
    expect(failure.message).toContain(`cut off after 100 of ${BYTES.length} bytes`);
    expect(failure.message).toContain(sha256(BYTES));
    expect(failure.message).toContain(sha256(BYTES.subarray(0, 100)));
    expect(await cached(cache)).toEqual([]);
  });

  it('the connection is lost while the digest is asked for', async () => {
    let lose = () => {};
    const { url } = await serve((asked, response) => {
      if (asked.url?.endsWith('SHA256SUMS')) {
        lose();
        setTimeout(() => response.end(`${sha256(BYTES)}  x.tar.gz\n`), 100);
        return;
      }
      response.writeHead(200, { 'content-length': BYTES.length });
      response.write(BYTES.subarray(0, 100));
      lose = () => response.destroy();
    });
    const failure = await obtain(request(scratch(), { url: `${url}/x.tar.gz` }), quiet).catch(
      (error) => error,
    );
    expect(failure).toMatchObject({ exitCode: 5, message: expect.stringContaining('cut off') });
  });

  it('the cache cannot be written', async () => {
    const { url } = await mirror();
    const base = scratch();
    await writeFile(join(base, 'file'), '');
    const failure = await obtain(request(join(base, 'file', 'cache'), { url }), quiet).catch(
      (error) => error,
    );
    expect(failure).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/Cannot keep etcd 3\.5\.30 .*ENOTDIR/),
    });
  });
});

describe('a release from a file', () => {
  afterEach(() => vi.unstubAllEnvs());

  const place = async (bytes = BYTES, sums: string | undefined = `${sha256(BYTES)} *release.tgz\n`) => {
    const base = scratch();
    await writeFile(join(base, 'release.tgz'), bytes);
    if (sums !== undefined) await writeFile(join(base, 'SHA256SUMS'), sums);
    return base;
  };

  it.each([
    ['a path beside the inventory', () => 'release.tgz'],
    ['an absolute path', (base: string) => join(base, 'release.tgz')],
    ['a path from the home', () => '~/release.tgz'],
    ['a file URL', (base: string) => pathToFileURL(join(base, 'release.tgz')).href],
  ])('may be named by %s', async (_what, url) => {
    const baseDir = await place();
    vi.stubEnv('HOME', baseDir);
    const result = await obtain(request(scratch(), { url: url(baseDir), baseDir }), quiet);
    expect(result).toMatchObject({ version: '3.5.30', from: join(baseDir, 'release.tgz') });
  });

  it.each([
    ['swapped', BYTES.subarray(9), undefined, 5, /wanted sha256 .*\n.*got/],
    ['without a digest', BYTES, '', 5, /does not name release\.tgz/],
  ])('is verified too: %s', async (_what, bytes, sums, exitCode, message) => {
    const baseDir = await place(bytes, sums);
    const cache = scratch();
    const failure = await obtain(request(cache, { url: 'release.tgz', baseDir }), quiet).catch(
      (error) => error,
    );
    expect(failure).toMatchObject({ exitCode, message: expect.stringMatching(message) });
    expect(await cached(cache)).toEqual([]);
  });

  it('that is missing is not a matter of trust', async () => {
    const failure = await obtain(request(scratch(), { url: 'none.tgz' }), quiet).catch((error) => error);
    expect(failure).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/\/none\.tgz: there is no such file/),
    });
  });
});
