import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { obtain } from '../../../lib/release/obtain.ts';
import { scratch } from '../support/scratch.ts';
import { cached, layout, mirror, quiet, request, serve } from './mirror.ts';
import { release, sha256, tarball } from './tarball.ts';

const BYTES = tarball(release('3.5.30'));
const ENTRY = /^etcd-3\.5\.30-amd64-[0-9a-f]{12}$/;

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
    ['folder that others may write', (entry: string) => chmod(entry, 0o770)],
    ['file that others may write', (entry: string) => chmod(join(entry, 'etcd'), 0o775)],
    ['manifest that others may write', (entry: string) => chmod(join(entry, 'manifest.json'), 0o666)],
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

  it('is for nobody else to write, whatever the umask, and so found again', async () => {
    const { url, asked } = await mirror();
    const cache = join(scratch(), 'deep', 'cache');
    const before = process.umask(0o002);
    try {
      await obtain(request(cache, { url }), quiet);
    } finally {
      process.umask(before);
    }
    await obtain(request(cache, { url }), quiet);
    expect(asked).toHaveLength(2);
    expect((await stat(cache)).mode & 0o777).toBe(0o700);
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
    const index = new URL('../../../lib/release/index.ts', import.meta.url);
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
