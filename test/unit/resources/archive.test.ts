import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { type ArchiveDetails, type ArchiveOptions, archive } from '../../../lib/resources/archive/index.ts';
import { dry, run } from '../support/cycle.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

const isRoot = process.getuid?.() === 0;

describe('an archive', () => {
  let dir: string;
  const at = (name: string) => join(dir, 'at', name);
  beforeEach(() => {
    dir = scratch();
    mkdirSync(join(dir, 'site-1.0/bin'), { recursive: true });
    writeFileSync(join(dir, 'site-1.0/bin/sité'), 'one', { mode: 0o777 });
    writeFileSync(join(dir, 'site-1.0/.conf'), '');
    symlinkSync('bin', join(dir, 'site-1.0/link'));
  });
  /** A new one each time: another digest. */
  function packed(content: string, name = 'site.tar.gz') {
    writeFileSync(join(dir, 'site-1.0/bin/sité'), content);
    const file = join(dir, name);
    rmSync(file, { force: true });
    if (name.endsWith('zip'))
      execFileSync('python3', ['-m', 'zipfile', '-c', file, 'site-1.0'], { cwd: dir });
    else execFileSync('tar', ['-czf', file, 'site-1.0'], { cwd: dir });
    return file;
  }
  const wish = (source: string, more: Partial<ArchiveDetails> = {}) => [
    archive(join(dir, 'at'), { source, creates: 'bin/sité', strip: 1, ...more }),
  ];

  it('is unpacked, once', async () => {
    const source = packed('one');
    expect(await dry(wish(source), { dir })).toEqual([
      expect.stringMatching(/^create archive: null → sha256:/),
    ]);
    expect(existsSync(at(''))).toBe(false);
    await run(wish(source), { dir });
    expect(readdirSync(at('')).sort()).toEqual(['.conf', 'bin', 'link']);
    expect(readFileSync(at('bin/sité'), 'utf8')).toBe('one');
  });

  it('is unpacked again where it is another, was cut off, or lost what it brings; what is there besides stays', async () => {
    await run(wish(packed('one')), { dir });
    writeFileSync(at('theirs'), '');
    const next = packed('two');
    expect(await run(wish(next), { dir })).toEqual([
      expect.stringMatching(/^update archive: sha256:.* → sha256:/),
    ]);
    expect(readFileSync(at('bin/sité'), 'utf8')).toBe('two');
    // That of the archive, and that of the folder.
    const records = readdirSync(join(dir, 'state')).filter((name) => name.startsWith('unpacked-'));
    expect(records).toHaveLength(2);
    for (const record of records) writeFileSync(join(dir, 'state', record), 'begun\n');
    expect(await run(wish(next), { dir })).toEqual([expect.stringMatching(/^update archive: cut off → /)]);
    // As it was kept by an earlier release of a play that was the third.
    renameSync(join(dir, 'state'), join(dir, 'state-3'));
    expect(await dry(wish(next), { dir })).toEqual([]);
    rmSync(at('bin'), { recursive: true });
    expect(await run(wish(next), { dir })).toHaveLength(1);
    expect(readdirSync(at(''))).toContain('theirs');
  });

  it('comes into one folder with another, and each is known by what it creates', async () => {
    const other = (content: string) => {
      mkdirSync(join(dir, 'more'), { recursive: true });
      writeFileSync(join(dir, 'more/two'), content);
      execFileSync('tar', ['-czf', join(dir, 'more.tgz'), '-C', dir, 'more/two']);
      return archive(join(dir, 'at'), { source: join(dir, 'more.tgz'), creates: 'two', strip: 1 });
    };
    const source = packed('one');
    const both = [...wish(source), other('2')];
    expect(new Set(both.map(({ thing }) => thing)).size).toBe(2);
    await run(both, { dir });
    expect(readdirSync(at('')).sort()).toEqual(['.conf', 'bin', 'link', 'two']);
    expect(await run([...wish(source), other('3')], { dir })).toHaveLength(1);
    expect(readFileSync(at('two'), 'utf8')).toBe('3');
  });

  it('is known by the record of the folder, as earlier releases kept it', async () => {
    await run(wish(packed('one')), { dir });
    const state = join(dir, 'state');
    const [record = ''] = readdirSync(state).filter((name) => name.startsWith('unpacked-'));
    const digest = createHash('sha256').update(join(dir, 'at')).digest('hex').slice(0, 16);
    renameSync(join(state, record), join(state, `unpacked-${digest}`));
    expect(await run(wish(packed('two')), { dir })).toEqual([
      expect.stringMatching(/^update archive: sha256:.* → sha256:/),
    ]);
  });

  it('that somebody else has unpacked is fine', async () => {
    mkdirSync(at('bin'), { recursive: true });
    writeFileSync(at('bin/sité'), '');
    expect(await dry(wish(packed('one')), { dir })).toEqual([]);
  });

  it.runIf(isRoot)('belongs to whom it is said to', async () => {
    const source = packed('one');
    expect(await run(wish(source, { owner: '12345', group: '54321' }), { dir })).toEqual([
      expect.stringContaining('create archive'),
      'create owner: null → 12345',
      'create group: null → 54321',
    ]);
    expect([statSync(at('bin/sité')).uid, statSync(at('.conf')).gid]).toEqual([12345, 54321]);
    writeFileSync(at('bin/sité'), 'edited');
    writeFileSync(at('theirs'), '');
    rmSync(at('link'));
    expect(await run(wish(source, { owner: '1' }), { dir })).toEqual(['update owner: 12345 → 1']);
    // Nothing but the owner is another one, and that of what the archive has brought.
    expect(readFileSync(at('bin/sité'), 'utf8')).toBe('edited');
    expect(['bin', 'bin/sité', '.conf', 'theirs'].map((name) => statSync(at(name)).uid)).toEqual([
      1, 1, 1, 0,
    ]);
    expect(readdirSync(at('')).sort()).toEqual(['.conf', 'bin', 'theirs']);
  });

  it('may be a zip that Windows made, of which unzip warns', async () => {
    const zip = join(dir, 'windows.zip');
    const made = `import sys, zipfile; one = zipfile.ZipInfo('bin\\\\run'); one.create_system = 0
with zipfile.ZipFile(sys.argv[1], 'w') as to: to.writestr(one, 'x')`;
    execFileSync('python3', ['-c', made, zip]);
    const task = wish(zip, { strip: 0, creates: 'bin/run' });
    expect(await run(task, { dir })).toHaveLength(1);
    expect(readFileSync(at('bin/run'), 'utf8')).toBe('x');
  });

  it('may be a zip', async () => {
    await run(wish(packed('one', 'site.zip'), { strip: 0, creates: 'site-1.0/bin/sité' }), { dir });
    expect(readFileSync(at('site-1.0/bin/sité'), 'utf8')).toBe('one');
  });

  it('that is damaged leaves nothing that would count as unpacked', async () => {
    writeFileSync(join(dir, 'bad.tar.gz'), Buffer.from([0, 1, 2]));
    await expect(run(wish(join(dir, 'bad.tar.gz')), { dir })).rejects.toMatchObject({ exitCode: 2 });
    expect(readdirSync(at(''))).toEqual([]);
    expect(await dry(wish(join(dir, 'bad.tar.gz')), { dir })).toHaveLength(1);
  });

  it.runIf(isRoot)(
    "comes into what a user's link leads to, unless another user has a say in that",
    async () => {
      for (const folder of ['site-1.0/man', 'at', 'own']) mkdirSync(join(dir, folder));
      chownSync(join(dir, 'own'), 65_534, 65_534);
      symlinkSync('own', join(dir, 'hop'));
      lchownSync(join(dir, 'hop'), 65_533, 65_533);
      const laid = async (content: string, to: string) => {
        writeFileSync(join(dir, 'site-1.0/man/page'), content);
        rmSync(at('man'), { force: true });
        symlinkSync(to, at('man'));
        lchownSync(at('man'), 65_534, 65_534);
        await run(wish(packed(content)), { dir });
      };
      await laid('one', '../own');
      await expect(laid('two', '../hop')).rejects.toMatchObject({
        message: expect.stringContaining("man is a link of a user's to what is not that user's"),
      });
      expect(readFileSync(join(dir, 'own/page'), 'utf8')).toBe('one');
    },
  );

  it('writes no file through a link that is there', async () => {
    await run(wish(packed('one')), { dir });
    writeFileSync(join(dir, 'theirs'), 'theirs');
    rmSync(at('bin/sité'));
    symlinkSync(join(dir, 'theirs'), at('bin/sité'));
    await run(wish(packed('two')), { dir });
    expect([readFileSync(join(dir, 'theirs'), 'utf8'), readFileSync(at('bin/sité'), 'utf8')]).toEqual([
      'theirs',
      'two',
    ]);
  });

  // Debian's busybox has a tar of its own, which does not unpack gzip.
  it.each(SHELLS.filter(([name]) => name !== 'busybox'))(
    'keeps a link to a folder, and comes into that one (%s)',
    async (_name, ...shell) => {
      mkdirSync(join(dir, 'site-1.0/share/doc/.deep'), { recursive: true });
      writeFileSync(join(dir, 'site-1.0/share/doc/page'), 'page');
      writeFileSync(join(dir, 'site-1.0/share/doc/.deep/er'), 'er');
      for (const folder of ['at/share', 'real/bin', 'real/doc'])
        mkdirSync(join(dir, folder), { recursive: true });
      chmodSync(join(dir, 'real/bin'), 0o700);
      symlinkSync(join(dir, 'real/bin'), at('bin'));
      symlinkSync('../../real/doc', at('share/doc'));
      await run(wish(packed('one')), { dir, shell });
      expect([lstatSync(at('bin')).isSymbolicLink(), lstatSync(at('share/doc')).isSymbolicLink()]).toEqual([
        true,
        true,
      ]);
      expect(readdirSync(join(dir, 'real'), { recursive: true }).sort()).toEqual([
        'bin',
        'bin/sité',
        'doc',
        'doc/.deep',
        'doc/.deep/er',
        'doc/page',
      ]);
      // What the link leads to is another's.
      expect(statSync(join(dir, 'real/bin')).mode & 0o777).toBe(0o700);
    },
  );

  it('that does not bring what it is to create is told to be that in a check', async () => {
    const source = packed('one');
    const said = (more: Partial<ArchiveDetails>) =>
      dry(wish(source, more), { dir }).then(
        () => undefined,
        ({ message, hint }) => `${message}; ${hint}`,
      );
    expect(await said({ creates: 'sbin/site' })).toMatch(
      /there is no sbin\/site in the archive .*site\.tar\.gz; .*: there is (\.conf|bin|link)/,
    );
    expect(await said({ creates: 'site-1.0/bin' })).toMatch('no site-1.0/bin in');
    expect(await said({ strip: 4 })).toMatch('nothing is left');
    for (const creates of ['bin', `${at('bin/sité')}`, 'link/sité', './bin/'])
      expect(await said({ creates })).toBe(undefined);
    expect(await said({ strip: 0, creates: 'site-1.0/bin/sité' })).toBe(undefined);
    writeFileSync(source, 'not a tar'.repeat(10_000));
    expect(await said({ creates: 'x' })).toBe(undefined);
  });

  it('that cannot be looked into on control, and does not bring what it is to create, fails by the run', async () => {
    const source = packed('one', 'site.zip');
    await expect(run(wish(source, { creates: 'sbin/site', strip: 0 }), { dir })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        /there is no .*at\/sbin\/site in the archive: .*; strip leaves out folders in front$/,
      ),
    });
  });

  it('of another digest than is wanted is not trusted, before any contact', () => {
    const source = packed('one');
    const sha256 = createHash('sha256').update(readFileSync(source)).digest('hex');
    expect(() => wish(source, { sha256 })).not.toThrow();
    expect(() => wish(source, { sha256: '0'.repeat(64) })).toThrow(expect.objectContaining({ exitCode: 5 }));
  });

  it('needs what unpacks it on the host, or a task that may bring it', () => {
    const task = archive('/opt/x', { url: 'https://x/y.tar.zst', sha256: 'a'.repeat(64), creates: 'bin' });
    expect(task.probe?.text).toContain('command -v zstd');
    const out = ['', 'above directory /opt', 'lacks zstd'].join(`\n${MARK}\n`);
    expect(() => task.diff({ code: 0, out }, new World())).toThrow(/there is no zstd on the host$/);
    const world = new World();
    world.package('zstd').willBe({});
    expect(task.diff({ code: 0, out }, world)).toMatchObject([{ certainty: 'conditional' }]);
  });

  it.each<object>([
    { source: './x.tar.gz', url: 'https://x/y.tgz' },
    { url: 'https://x/y.tgz' },
    { url: 'https://x/y.tgz', sha256: 'a'.repeat(64), strip: 1.5 },
    { url: 'https://x/y.tgz', sha256: 'a'.repeat(64), strip: -1 },
    { url: 'https://x/y', sha256: 'a'.repeat(64) },
    { url: 'https://x/y.zip', sha256: 'a'.repeat(64), strip: 1 },
    { url: 'https://x/y.tgz', sha256: 'a'.repeat(64), creates: '../x' },
    { url: 'https://x/y.tgz', sha256: 'a'.repeat(64), creates: 'app-*/bin' },
  ])('%j is refused before any contact', (options) => {
    expect(() => archive('/opt/x', { creates: 'bin/x', ...options } as ArchiveOptions)).toThrow(
      expect.objectContaining({ exitCode: 1 }),
    );
  });
});
