import { afterEach, describe, expect, it, vi } from 'vitest';
import { obtain } from '../../../lib/release/obtain.ts';
import { scratch } from '../support/scratch.ts';
import { layout, mirror, quiet, request } from './mirror.ts';
import { release, tarball } from './tarball.ts';

const BYTES = tarball(release('3.5.30'));

afterEach(() => {
  vi.unstubAllEnvs();
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
