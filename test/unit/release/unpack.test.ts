import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unpack } from '../../../lib/release/unpack.ts';
import { SOFTWARE } from '../../../roles/binaries.ts';
import { scratch } from '../support/scratch.ts';
import { type Entry, elf, release, sha256, tar, tarball } from './tarball.ts';

const TOP = 'etcd-v3.5.30-linux-amd64';
const good = release('3.5.30');

/** A pax record says its own length. */
function pax(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  const length = rest.length + 2;
  return Buffer.from(`${length > 99 ? length + 1 : length}${rest}`);
}

/** An extended header, and the entry it is for. */
function paxed(key: string, value: string): Entry {
  return { name: 'x', type: 'x', body: pax(key, value) };
}

/** The size of the first file as a number of two's complement, with its checksum right. */
function negative(bytes: Buffer): Buffer {
  const at = bytes.indexOf(`${TOP}/README.md`);
  bytes.fill(0xff, at + 124, at + 136);
  bytes.write('        ', at + 148);
  const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148);
  return bytes;
}

const REFUSED: readonly (readonly [what: string, bytes: () => Buffer, message: RegExp])[] = [
  ['a path that climbs out', () => tarball([{ name: `${TOP}/../../evil` }, ...good]), /leaves the folder/],
  [
    'a wanted file that climbs out',
    () => tarball([...good, { name: '../etcd', body: elf('x') }]),
    /leaves the folder/,
  ],
  [
    'a path that climbs out after the wanted ones',
    () => tarball([...good, { name: '../x' }]),
    /leaves the folder/,
  ],
  ['an absolute path', () => tarball([{ name: '/tmp/evil' }, ...good]), /leaves the folder/],
  ['a drive', () => tarball([{ name: 'c:/evil' }, ...good]), /leaves the folder/],
  [
    'a backslash that climbs out',
    () => tarball([{ name: `${TOP}\\..\\..\\evil` }, ...good]),
    /leaves the folder/,
  ],
  [
    'a long name that climbs out',
    () => tarball([{ name: 'L', type: 'L', body: Buffer.from('../../evil\0') }, { name: 'short' }, ...good]),
    /leaves the folder/,
  ],
  [
    'an extended header that climbs out',
    () => tarball([{ name: 'x', type: 'x', body: pax('path', '../evil') }, { name: 'short' }, ...good]),
    /leaves the folder/,
  ],
  [
    'a symlink',
    () => tarball([{ name: `${TOP}/link`, type: '2', link: '/etc' }, ...good]),
    /is a SymbolicLink to \/etc/,
  ],
  [
    'a symlink in place of the top folder, and a file through it',
    () =>
      tarball([
        { name: TOP, type: '2', link: '/tmp' },
        { name: `${TOP}/etcd`, body: elf('x') },
      ]),
    /is a SymbolicLink/,
  ],
  [
    'a wanted name that is a symlink, and a file through it',
    () => tarball([{ name: `${TOP}/etcd`, type: '2', link: '/tmp/evil' }, ...good]),
    /is a SymbolicLink/,
  ],
  [
    'a wanted name that is a hard link',
    () => tarball([{ name: `${TOP}/etcd`, type: '1', link: '/etc/passwd' }]),
    /is a Link to \/etc\/passwd/,
  ],
  ['a device', () => tarball([{ name: `${TOP}/etcdctl`, type: '3' }, ...good]), /is a CharacterDevice/],
  ['a disk', () => tarball([{ name: `${TOP}/etcd`, type: '4' }, ...good]), /is a BlockDevice/],
  [
    'a contiguous file',
    () => tarball([{ name: `${TOP}/etcd`, type: '7', body: elf('x') }, ...good]),
    /is a /,
  ],
  [
    'a hard link to another of its entries',
    () => tarball([...good.slice(0, -1), { name: `${TOP}/etcdutl`, type: '1', link: `${TOP}/etcd` }]),
    /is a Link to/,
  ],
  [
    'a long link target',
    () =>
      tarball([
        { name: 'K', type: 'K', body: Buffer.from(`/${'x'.repeat(200)}\0`) },
        { name: `${TOP}/x`, type: '2', link: 'short' },
        ...good,
      ]),
    /is a SymbolicLink to \/xxx/,
  ],
  ['a NUL in an extended name', () => tarball([paxed('path', `${TOP}/etcd\0x`), ...good]), /refused/],
  ['sticky', () => tarball([{ name: `${TOP}/etcd`, body: elf('x'), mode: 0o1755 }]), /or sticky set/],
  [
    'setuid on a file that would not be unpacked',
    () => tarball([...good, { name: `${TOP}/Documentation/x`, mode: 0o4755 }]),
    /has setuid/,
  ],
  ['a file that says it is larger than it is', () => gzipSync(tar(good).fill('7', 124, 135)), /refused/],
  ['a size below zero', () => gzipSync(negative(tar(good))), /refused/],
  ['a pipe', () => tarball([{ name: `${TOP}/pipe`, type: '6' }, ...good]), /is a FIFO/],
  ['an entry of unknown kind', () => tarball([{ name: `${TOP}/odd`, type: 'S' }, ...good]), /is a /],
  ['setuid', () => tarball([{ name: `${TOP}/etcd`, body: elf('x'), mode: 0o4755 }]), /has setuid/],
  ['setgid on any file', () => tarball([{ name: `${TOP}/x`, mode: 0o2755 }, ...good]), /has setuid, setgid/],
  ['a wanted name twice', () => tarball([...good, { name: `${TOP}/etcd`, body: elf('y') }]), /etcd twice/],
  [
    'a wanted name twice, spelt in another way',
    () => tarball([...good, { name: `./${TOP}//etcd`, body: elf('y') }]),
    /etcd twice/,
  ],
  [
    'a wanted name that is a folder',
    () => tarball([{ name: `${TOP}/etcd/`, type: '5' }, ...good]),
    /is a folder/,
  ],
  ['two top folders', () => tarball([...good, { name: 'other/etcd', body: elf('y') }]), /two top folders/],
  ['no program', () => tarball([{ name: `${TOP}/README` }]), /no etcd and no etcdctl .* found .*README/],
  ['programs without a folder', () => tarball([{ name: 'etcd', body: elf('x') }]), /no etcd and no etcdctl/],
  [
    'programs in folders named after them',
    () => tarball(['etcd', 'etcdctl'].map((name) => ({ name: `${TOP}/${name}/bin`, body: elf(name) }))),
    /no etcd and no etcdctl/,
  ],
  ['no etcdctl', () => tarball(release('3.5.30', 'amd64', ['etcd'])), /there is no etcdctl/],
  ['another version', () => tarball(release('3.4.9')), /it is etcd 3\.4\.9 for amd64, wanted 3\.5\.30/],
  ['another architecture', () => tarball(release('3.5.30', 'arm64')), /for arm64, wanted 3\.5\.30 for amd64/],
  [
    'programs for another architecture',
    () => tarball([...good.slice(0, -3), ...programs((name) => elf(name, 'arm64'))]),
    /etcd: it is a program for arm64, wanted amd64/,
  ],
  [
    'scripts',
    () => tarball([...good.slice(0, -3), ...programs(() => Buffer.from('#!/bin/sh\necho hello\n'))]),
    /not a Linux program/,
  ],
  [
    'empty programs',
    () => tarball([...good.slice(0, -3), ...programs(() => Buffer.alloc(0))]),
    /not a Linux program/,
  ],
  ['a cut off file', () => tarball(good).subarray(0, -40), /damaged or cut off \(Z_BUF_ERROR\)/],
  ['a cut off archive inside', () => gzipSync(tar(good).subarray(0, 3000)), /it is damaged/],
  ['a flipped byte in a header', () => gzipSync(flipped(tar(good), 20)), /it is damaged/],
  ['something that is not compressed', () => tar(good), /damaged or cut off \(Z_DATA_ERROR\)/],
  ['an empty file', () => Buffer.alloc(0), /refused/],
  ['no archive inside', () => gzipSync('hello'), /holds no tar archive/],
  ['an archive inside the archive', () => gzipSync(tarball(good)), /holds no tar archive/],
  ['a bomb', () => bomb(), /unpacks to more than 100 times its size/],
  [
    'too many entries',
    () => tarball(Array.from({ length: 10_001 }, (_, index) => ({ name: `${TOP}/${index}` }))),
    /more than 10000 entries/,
  ],
];

describe('an archive is refused, and nothing is written outside its folder, with', () => {
  it.each(REFUSED)('%s', async (_what, bytes, message) => {
    const base = scratch();
    const target = join(base, 'inner', 'target');
    await mkdir(target, { recursive: true });
    await writeFile(join(base, 'tarball'), bytes());
    const failure = await unpack(join(base, 'tarball'), target, {
      software: SOFTWARE,
      shown: 'the tarball',
      version: '3.5.30',
      arch: 'amd64',
    }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      name: 'QuorateError',
      exitCode: 5,
      message: expect.stringMatching(message),
    });
    expect((await readdir(base)).sort()).toEqual(['inner', 'tarball']);
    expect(await readdir(join(base, 'inner'))).toEqual(['target']);
    expect(existsSync('/tmp/evil')).toBe(false);
  });
});

describe('a release is unpacked', () => {
  const CASES: readonly (readonly [what: string, entries: readonly Entry[], names: string[]])[] = [
    ['as upstream publishes it', good, ['etcd', 'etcdctl', 'etcdutl']],
    ['of 3.4, without etcdutl', release('3.5.30', 'amd64', ['etcd', 'etcdctl']), ['etcd', 'etcdctl']],
    [
      'with ./ before its names',
      good.map((entry) => ({ ...entry, name: `./${entry.name}` })),
      ['etcd', 'etcdctl', 'etcdutl'],
    ],
    [
      'from a folder of another name',
      good.map((entry) => ({ ...entry, name: entry.name.replace(TOP, 'etcd') })),
      ['etcd', 'etcdctl', 'etcdutl'],
    ],
    [
      'in the oldest tar format',
      good.map((entry) => ({ ...entry, type: entry.type ?? '\0' })),
      ['etcd', 'etcdctl', 'etcdutl'],
    ],
  ];

  it('up to its end: nobody reads what comes after', async () => {
    const base = scratch();
    const evil = tar([
      { name: '../evil', body: elf('x') },
      { name: `${TOP}/etcd`, body: elf('other') },
    ]);
    await writeFile(join(base, 'tarball'), gzipSync(Buffer.concat([tar(good), evil])));
    const target = join(base, 'target');
    await mkdir(target);
    const release = { software: SOFTWARE, shown: 'it', version: '3.5.30', arch: 'amd64' };
    const [etcd] = await unpack(join(base, 'tarball'), target, release);
    expect(etcd?.sha256).toBe(sha256(elf('etcd 3.5.30')));
    expect((await readdir(base)).sort()).toEqual(['tarball', 'target']);
  });

  it('for a machine with the other byte order', async () => {
    const base = scratch();
    await writeFile(join(base, 'tarball'), tarball(release('3.5.30', 's390x')));
    const files = await unpack(join(base, 'tarball'), base, {
      software: SOFTWARE,
      shown: 'it',
      version: '3.5.30',
      arch: 's390x',
    });
    expect(files).toHaveLength(3);
  });

  it.each(CASES)('%s', async (_what, entries, names) => {
    const base = scratch();
    const target = join(base, 'target');
    await mkdir(target);
    await writeFile(join(base, 'tarball'), tarball(entries));
    const files = await unpack(join(base, 'tarball'), target, {
      software: SOFTWARE,
      shown: 'it',
      version: '3.5.30',
      arch: 'amd64',
    });
    expect(files.map(({ name }) => name)).toEqual(names);
    expect((await readdir(target)).sort()).toEqual(names);
    for (const { path, sha256: digest } of files) {
      expect(sha256(await readFile(path))).toBe(digest);
      expect((await stat(path)).mode & 0o7777).toBe(0o755 & ~process.umask());
    }
  });
});

function programs(body: (name: string) => Buffer): Entry[] {
  return ['etcd', 'etcdctl', 'etcdutl'].map((name) => ({
    name: `${TOP}/${name}`,
    body: body(name),
    mode: 0o755,
  }));
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

function bomb(): Buffer {
  return gzipSync(tar([...good, { name: `${TOP}/zeros`, body: Buffer.alloc(80 << 20) }]));
}
