import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fetchRelease } from '../../../lib/etcd/release/index.ts';
import { obtain } from '../../../lib/etcd/release/obtain.ts';
import { scratch } from '../support/scratch.ts';
import { cached, layout, mirror, quiet, request, serve } from './mirror.ts';
import { elf, release, sha256, tarball } from './tarball.ts';

const BYTES = tarball(release('3.5.30'));
afterEach(() => {
  vi.unstubAllEnvs();
});

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
  const place = async (bytes = BYTES, sums: string | undefined = `${sha256(BYTES)} *release.tgz\n`) => {
    const base = scratch();
    await writeFile(join(base, 'release.tgz'), bytes);
    if (sums !== undefined) await writeFile(join(base, 'SHA256SUMS'), sums);
    return base;
  };

  it.each([
    ['a path beside the inventory', () => 'release.tgz'],
    ['an absolute path', (base: string) => join(base, 'release.tgz')],
    ['a file URL', (base: string) => pathToFileURL(join(base, 'release.tgz')).href],
  ])('may be named by %s', async (_what, url) => {
    const baseDir = await place();
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

  it('that is missing is no matter of trust', async () => {
    const failure = await obtain(request(scratch(), { url: 'none.tgz' }), quiet).catch((error) => error);
    expect(failure).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/\/none\.tgz: there is no such file/),
    });
  });
});

describe('the cache', () => {
  it('spares the second run the download', async () => {
    const { url, asked } = await mirror();
    const cache = scratch();
    const first = await obtain(request(cache, { url }), quiet);
    expect(await obtain(request(cache, { url }), quiet)).toEqual(first);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['changed file', (entry: string) => appendFile(join(entry, 'etcd'), 'x')],
    ['missing file', (entry: string) => rm(join(entry, 'etcdctl'))],
    ['missing manifest', (entry: string) => rm(join(entry, 'manifest.json'))],
    [
      'half-written manifest',
      (entry: string) => writeFile(join(entry, 'manifest.json'), '{"version":"3.5.30",'),
    ],
    [
      'manifest that names no files',
      async (entry: string) => {
        const path = join(entry, 'manifest.json');
        await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), files: [] }));
      },
    ],
    [
      'link in place of a file',
      async (entry: string) => {
        await rename(join(entry, 'etcd'), join(entry, 'real'));
        await symlink('real', join(entry, 'etcd'));
      },
    ],
  ])('does not count an entry with a %s, and heals it', async (_what, damage) => {
    const { url, asked } = await mirror();
    const cache = scratch();
    const first = await obtain(request(cache, { url }), quiet);
    const [entry = ''] = await cached(cache);
    await damage(join(cache, entry));
    expect(await obtain(request(cache, { url }), quiet)).toEqual(first);
    expect(asked).toHaveLength(4);
    expect(await cached(cache)).toEqual([entry]);
    await obtain(request(cache, { url }), quiet);
    expect(asked).toHaveLength(4);
  });

  it('does not fulfil a pin with another tarball, but with the same one from elsewhere', async () => {
    const { url, asked } = await mirror();
    const cache = scratch();
    await obtain(request(cache, { url }), quiet);
    await expect(obtain(request(cache, { url, sha256: 'a'.repeat(64) }), quiet)).rejects.toMatchObject({
      exitCode: 5,
    });
    expect(asked).toHaveLength(3);
    await obtain(request(cache, { url: '/nowhere', sha256: sha256(BYTES) }), quiet);
  });

  it('keeps entries of another mirror, version and architecture apart', async () => {
    const one = await mirror();
    const two = await mirror(layout('3.5.30', tarball(release('3.5.30').slice(0, -1))));
    const cache = scratch();
    const first = await obtain(request(cache, { url: one.url }), quiet);
    const second = await obtain(request(cache, { url: two.url }), quiet);
    expect(second.files).toHaveLength(2);
    expect(await obtain(request(cache, { url: one.url }), quiet)).toEqual(first);
    await expect(obtain(request(cache, { url: one.url, arch: 'arm64' }), quiet)).rejects.toThrow(
      /arm64.*404/,
    );
    const fixed = one.url.replaceAll('{version}', '3.5.30').replace('{arch}', 'amd64');
    await expect(obtain(request(cache, { url: fixed, arch: 'arm64' }), quiet)).rejects.toThrow(
      /for amd64, wanted/,
    );
  });

  it('takes two processes that fetch the same at once', async () => {
    const { url } = await mirror();
    const cache = scratch();
    const results = await Promise.all(
      Array.from({ length: 8 }, () => obtain(request(cache, { url }), quiet)),
    );
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
    expect(await cached(cache)).toEqual([expect.stringMatching(ENTRY)]);
  });

  it('is cleared of what a killed process left, not of what a living one works on', async () => {
    const { url } = await mirror();
    const cache = scratch();
    const child = spawn(process.execPath, ['-e', '0']);
    await new Promise((resolve) => child.once('close', resolve));
    const dead = join(cache, `.work-${hostname()}-${child.pid}-1`);
    const living = join(cache, `.work-${hostname()}-${process.ppid}-1`);
    const elsewhere = join(cache, `.work-another-machine-${child.pid}-1`);
    for (const directory of [dead, living, elsewhere]) await mkdir(directory);
    await obtain(request(cache, { url }), quiet);
    expect([dead, living, elsewhere].map(existsSync)).toEqual([false, true, true]);
  });

  it('survives a process that is killed in the middle of a download', async () => {
    const { url, files } = await mirror();
    const slow = await serve((asked, response) => {
      response.writeHead(200);
      response.write(files.get(asked.url ?? '')?.subarray(0, 200) ?? '');
      if (asked.url?.endsWith('SHA256SUMS')) response.end();
    });
    const cache = scratch();
    const wanted = request(cache, { url: url.replace(/http:\/\/[^/]*/, slow.url) });
    const index = new URL('../../../lib/etcd/release/index.ts', import.meta.url);
    const script = `import(${JSON.stringify(index.href)}).then(({ fetchRelease }) => fetchRelease(${JSON.stringify(wanted)}, console.log))`;
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', '-e', script], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
    expect(await cached(cache)).toEqual([`.work-${hostname()}-${child.pid}-1`]);
    await obtain(request(cache, { url }), quiet);
    expect(await cached(cache)).toEqual([expect.stringMatching(ENTRY)]);
  });
});

describe('auto', () => {
  const nothingHere = () => vi.stubEnv('PATH', scratch());
  const AUTO = { source: 'auto' } as const;

  it('takes a release, says so, and later the cache without a network', async () => {
    nothingHere();
    const { url } = await mirror();
    const cache = scratch();
    const said: string[] = [];
    const first = await obtain(request(cache, { ...AUTO, url }), (text) => said.push(text));
    expect(said.at(-1)).toBe(`etcd 3.5.30 from ${first.from}`);
    expect(await obtain(request(cache, { ...AUTO, url: '/nowhere' }), quiet)).toEqual(first);
  });

  it('without a version comes back to the newest it chose itself', async () => {
    nothingHere();
    const cache = scratch();
    for (const [version, source] of [
      ['3.4.9', 'auto'],
      ['3.5.30', 'auto'],
      ['3.6.1', 'release'],
    ] as const) {
      const { url } = await mirror(layout(version, tarball(release(version))));
      await obtain(request(cache, { url, version, source }), quiet);
    }
    expect(await obtain(request(cache, { ...AUTO, version: undefined }), quiet)).toMatchObject({
      version: '3.5.30',
    });
  });

  it('lists what every source said', async () => {
    nothingHere();
    const { url } = await mirror(new Map());
    const failure = await obtain(request(scratch(), { ...AUTO, url }), quiet).catch((error) => error);
    expect(failure.exitCode).toBe(2);
    expect(failure.message).toMatch(
      /^No source has etcd 3\.5\.30 for amd64\n {2}cache: .*\n {2}release: .*404.*\n {2}path: there is no etcd.*\n {2}package: there is neither/,
    );
  });

  it('asks no release site without a version', async () => {
    nothingHere();
    const { url, asked } = await mirror();
    const failure = await obtain(request(scratch(), { ...AUTO, url, version: undefined }), quiet).catch(
      (error) => error,
    );
    expect(failure.message).not.toContain('release:');
    expect(asked).toEqual([]);
  });

  it.each([
    ['a bad digest', layout('3.5.30', BYTES, 'f'.repeat(64)), {}],
    ['a digest that is missing', new Map([...layout('3.5.30', BYTES)].slice(0, 1)), {}],
    ['a pin that does not fit', layout('3.5.30', BYTES), { sha256: 'a'.repeat(64) }],
  ])('does not step around %s', async (_what, files, more) => {
    nothingHere();
    const { url } = await mirror(files);
    const failure = await obtain(request(scratch(), { ...AUTO, url, ...more }), quiet).catch(
      (error) => error,
    );
    expect(failure).toMatchObject({ exitCode: 5 });
  });

  it('takes nothing but the pinned tarball when there is a pin', async () => {
    nothingHere();
    const { url } = await mirror();
    const cache = scratch();
    await obtain(request(cache, { ...AUTO, url }), quiet);
    const failure = await obtain(request(cache, { ...AUTO, sha256: 'a'.repeat(64) }), quiet).catch(
      (error) => error,
    );
    expect(failure.message).toMatch(/^No source has etcd 3\.5\.30 for amd64\n {2}release: [^\n]*$/);
  });
});
