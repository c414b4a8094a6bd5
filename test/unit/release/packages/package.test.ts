import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { obtain } from '../../../../lib/release/obtain.ts';
import { fromPath } from '../../../../lib/release/path.ts';
import { scratch } from '../../support/scratch.ts';
import { cached, layout, mirror, quiet, request } from '../mirror.ts';
import { elf, printer, release, sha256, tarball } from '../tarball.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("the distribution's package", () => {
  const WANTED = { source: 'package', version: undefined } as const;

  it('is unpacked on control, verified by its version, and cached', async () => {
    const { log } = fakeApt();
    const cache = scratch();
    const said: string[] = [];
    const result = await obtain(request(cache, { ...WANTED, version: '3.4.23' }), (text) => said.push(text));
    expect(result).toMatchObject({ version: '3.4.23', from: 'package etcd-server 1:3.4.23+dfsg-4+b4' });
    expect(result.files.map(({ name }) => name)).toEqual(['etcd', 'etcdctl']);
    for (const { path, sha256: digest } of result.files) {
      expect(sha256(readFileSync(path))).toBe(digest);
      expect(statSync(path).mode & 0o7777).toBe(0o755);
    }
    expect(said).toEqual(['downloading package etcd-server 1:3.4.23+dfsg-4+b4: 14 MB']);
    expect(log()).not.toContain('update');
    expect(await cached(cache)).toEqual([expect.stringMatching(/^etcd-3\.4\.23-amd64-/)]);
    const calls = log();
    expect(await obtain(request(cache, { ...WANTED, version: '3.4.23' }), quiet)).toEqual(result);
    expect(log()).toBe(calls);
  });

  it('is not replaced by a release of the same version in the cache', async () => {
    fakeApt();
    const cache = scratch();
    const { url } = await mirror(layout('3.4.23', tarball(release('3.4.23'))));
    await obtain(request(cache, { url, version: '3.4.23' }), quiet);
    const result = await obtain(request(cache, { ...WANTED, version: '3.4.23' }), quiet);
    expect(result.from).toMatch(/^package/);
  });

  it.each([
    ['do not know it', 'FAKE_UNKNOWN'],
    ['name a file that is gone', 'FAKE_STALE'],
  ])("comes by private lists when the machine's %s", async (_what, variable) => {
    const { log } = fakeApt({ [variable]: 'system' });
    expect(await obtain(request(scratch(), WANTED), quiet)).toMatchObject({ version: '3.4.23' });
    expect(log()).toMatch(/Dir::State::Lists=\S*\/apt-private\/lists.* update/);
  });

  it('for another architecture comes by private lists that cover it', async () => {
    const { log } = fakeApt({ FAKE_ARCH: 'arm64' });
    expect(await obtain(request(scratch(), { ...WANTED, arch: 'arm64' }), quiet)).toMatchObject({
      version: '3.4.23',
    });
    expect(log()).toMatch(/APT::Architectures::=amd64 .*APT::Architectures::=arm64 .*etcd-server:arm64/);
  });

  it.each([
    [
      'of another version',
      {},
      { version: '3.5.30' },
      2,
      /package etcd-server .* has etcd 3\.4\.23, wanted 3\.5\.30/,
    ],
    [
      'that is a candidate',
      { FAKE_SERVER: '3.5.30~rc1-1', FAKE_CLIENT: '3.5.30~rc1-1' },
      { version: '3.5.30' },
      2,
      /has etcd 3\.5\.30~rc1, wanted 3\.5\.30/,
    ],
    [
      'that nobody has',
      { FAKE_UNKNOWN: 'system private' },
      {},
      2,
      /no package of etcd for amd64: Unable to fetch/,
    ],
    [
      'with programs for another architecture',
      { FAKE_ARCH: 'arm64' },
      {},
      5,
      /program for arm64, wanted amd64/,
    ],
    [
      'with a link in place of a program',
      { FAKE_LINK: '1' },
      {},
      5,
      /\/usr\/bin\/etcd cannot be used: .* regular/,
    ],
    ['in two versions', { FAKE_CLIENT: '3.4.20-1' }, {}, 2, /packages differ: .*etcd-client 3\.4\.20-1/],
    ['without programs', { FAKE_EMPTY: '1' }, {}, 2, /has no etcd and no etcdctl/],
  ] as const)('%s is an error, and nothing is left behind', async (_what, env, more, exitCode, message) => {
    fakeApt(env);
    const cache = scratch();
    const failure = await obtain(request(cache, { ...WANTED, ...more }), quiet).catch((error) => error);
    expect(failure).toMatchObject({ exitCode, message: expect.stringMatching(message) });
    expect(await cached(cache)).toEqual([]);
  });

  const why = withoutApt();
  it.skipIf(why)(
    `comes from the machine's own sources${why ? ` (skipped: ${why})` : ''}`,
    { timeout: 60_000 },
    async () => {
      const arch = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
      const result = await obtain(request(scratch(), { ...WANTED, arch }), quiet);
      expect(result.version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(result.from).toContain(`package etcd-server ${result.version}`);
      const [etcd] = result.files;
      expect(execFileSync(etcd?.path ?? '', ['--version'], { encoding: 'utf8' })).toContain(
        `etcd Version: ${result.version}`,
      );
    },
  );
});

describe.skipIf(process.arch !== 'x64' || process.platform !== 'linux')('etcd on the PATH', () => {
  const WANTED = request('/nowhere', { source: 'path', version: undefined });

  it('is taken where it is, with the programs beside it', async () => {
    const [first, second] = [
      programs({ etcd: 'etcd Version: 3.5.1\n', etcdctl: 'mine' }),
      programs({ etcdctl: 'other' }),
    ];
    const result = await fromPath(WANTED, `${second}:relative::${first}`);
    expect(result).toEqual({
      version: '3.5.1',
      from: join(first, 'etcd'),
      files: ['etcd', 'etcdctl'].map((name) => ({
        name,
        path: join(first, name),
        sha256: sha256(readFileSync(join(first, name))),
      })),
    });
  });

  it('may be a link', async () => {
    const real = programs({ etcd: 'etcd Version: 3.5.1\n', etcdctl: '', etcdutl: '' });
    const links = scratch();
    for (const name of ['etcd', 'etcdctl', 'etcdutl']) symlinkSync(join(real, name), join(links, name));
    const { files } = await fromPath({ ...WANTED, version: '3.5.1' }, links);
    expect(files.map(({ path }) => path)).toEqual(
      ['etcd', 'etcdctl', 'etcdutl'].map((name) => join(real, name)),
    );
  });

  it('is not looked for in relative folders', async () => {
    const here = relative(process.cwd(), programs({ etcd: 'etcd Version: 3.5.1\n', etcdctl: '' }));
    await expect(fromPath(WANTED, here)).rejects.toThrow(/there is no etcd on the PATH/);
  });

  it.each([
    ['is missing', {}, {}, /there is no etcd on the PATH/],
    ['has no etcdctl', { etcd: 'etcd Version: 3.5.1\n' }, {}, /but no etcdctl/],
    [
      'is of another version',
      { etcd: 'etcd Version: 3.5.1\n', etcdctl: '' },
      { version: '3.5.2' },
      /has etcd 3\.5\.1, wanted 3\.5\.2/,
    ],
    [
      'is something else by that name',
      { etcd: 'launcher 2.63\n', etcdctl: '' },
      {},
      /does not say its version: launcher/,
    ],
    [
      'is for another architecture',
      { etcd: 'etcd Version: 3.5.1\n', etcdctl: '' },
      { arch: 'arm64' },
      /program for amd64, wanted arm64/,
    ],
  ])('that %s is an error', async (_what, texts, more, message) => {
    const failure = await fromPath({ ...WANTED, ...more }, programs(texts)).catch((error) => error);
    expect(failure).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
  });
});

function programs(texts: Readonly<Record<string, string>>): string {
  const directory = scratch();
  for (const [name, text] of Object.entries(texts))
    writeFileSync(join(directory, name), printer(text), { mode: 0o755 });
  return directory;
}

/**
 * apt-get and dpkg as far as they are used, on a PATH of their own. Variables name the kind of lists, system
 * or private, that do not know the package (UNKNOWN) or know a file that is gone (STALE).
 */
function fakeApt(env: Readonly<Record<string, string>> = {}): { log: () => string } {
  const bin = scratch();
  const tree = join(bin, 'tree');
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  for (const name of env.FAKE_EMPTY ? [] : ['etcd', 'etcdctl']) {
    writeFileSync(join(tree, 'usr/bin', name), elf(name, env.FAKE_ARCH), { mode: 0o644 });
  }
  if (env.FAKE_LINK) {
    rmSync(join(tree, 'usr/bin/etcd'));
    symlinkSync('/bin/sh', join(tree, 'usr/bin/etcd'));
  }
  for (const [name, value] of Object.entries({ ...env, PATH: `${bin}:/usr/bin:/bin`, FAKE: bin }))
    vi.stubEnv(name, value);
  script(
    join(bin, 'apt-get'),
    `echo "$*" >>"$FAKE/log"
    case $1 in --version) exit 0 ;; esac
    case "$*" in *Dir::State::Lists*) kind=private ;; *) kind=system ;; esac
    for file in etcd-server_\${FAKE_SERVER:-1%3a3.4.23+dfsg-4+b4}_any.deb etcd-client_\${FAKE_CLIENT:-1%3a3.4.23+dfsg-4+b4}_any.deb; do
      case "$*" in
        *update*) echo 'E: Unable to fetch' >&2; exit 100 ;;
        *print-uris*)
          case " $FAKE_UNKNOWN " in *" $kind "*) exit 100 ;; esac
          echo "'http://mirror/$file' $file 6500001 SHA256:00" ;;
        *) case " $FAKE_STALE " in *" $kind "*) echo 'E: 404' >&2; exit 100 ;; esac
          echo deb >"$file" ;;
      esac
    done`,
  );
  script(join(bin, 'dpkg'), 'echo amd64');
  script(join(bin, 'dpkg-deb'), 'case $1 in -x) mkdir -p "$3" && cp -RP "$FAKE/tree/." "$3" ;; esac');
  return { log: () => readFileSync(join(bin, 'log'), 'utf8') };
}

function script(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

function withoutApt(): string | false {
  if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg-deb')) return 'no apt here';
  if (process.env.QUORATE_OFFLINE) return 'QUORATE_OFFLINE is set';
  return false;
}
