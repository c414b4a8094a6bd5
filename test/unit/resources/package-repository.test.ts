import { describe, expect, it } from 'vitest';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import {
  type AptRepositoryOptions,
  aptRepository,
  yumRepository,
} from '../../../lib/resources/package-repository/index.ts';
import { packages } from '../../../lib/resources/packages/index.ts';

const KEY = '-----BEGIN PGP PUBLIC KEY BLOCK-----\nabc\n-----END PGP PUBLIC KEY BLOCK-----';
const SOURCES = `Types: deb
URIs: https://x.example/debian
Suites: bookworm
Components: main
Signed-By: /etc/apt/keyrings/x.asc
`;
const wish = (more: Partial<AptRepositoryOptions> = {}) =>
  aptRepository('x', { uris: 'https://x.example/debian', suites: 'bookworm', key: KEY, ...more });
const at = (text: string | undefined) =>
  text === undefined
    ? ''
    : `stat regular file|644|root|root|1|0|0|/x\ntext\n${Buffer.from(text).toString('base64')}`;
const out = (key: string | undefined, sources: string | undefined, own = '') =>
  [at(key), 'above directory /etc', at(sources), 'above directory /etc', own].join(`\n${MARK}\n`);
const plan = (text: string, world = new World()) =>
  wish()
    .diff({ code: 0, out: text }, world)
    .map(({ kind, property }) => `${kind} ${property}`);

describe('a repository of Debian packages', () => {
  it.each<[string, string, string[]]>([
    ['is there', out(`${KEY}\n`, SOURCES, 'read'), []],
    [
      'is missing',
      out(undefined, undefined),
      ['create /etc/apt/keyrings/x.asc', 'create /etc/apt/sources.list.d/x.sources', 'run lists'],
    ],
    [
      'has another suite',
      out(`${KEY}\n`, SOURCES.replace('bookworm', 'bullseye'), 'read'),
      ['update /etc/apt/sources.list.d/x.sources', 'run lists'],
    ],
    ['was cut off before its lists were read', out(`${KEY}\n`, SOURCES), ['run lists']],
    ['has another key', out('old\n', SOURCES, 'read'), ['update /etc/apt/keyrings/x.asc', 'run lists']],
  ])('%s', (_name, text, found) => {
    expect(plan(text)).toEqual(found);
  });

  it('that is due makes versions unknown, and nothing that is installed change', () => {
    const world = new World();
    plan(out(undefined, undefined), world);
    const known = 'manager apt\npolicy nginx:\npolicy   Candidate: 1.22-1\n';
    expect(packages('nginx').diff({ code: 0, out: known }, world)).toMatchObject([
      { after: 'unknown', certainty: 'unknown' },
    ]);
    expect(
      packages('nginx').diff({ code: 0, out: 'manager apt\ndpkg installed nginx 1.22-1 ' }, world),
    ).toEqual([]);
  });

  it('is told in a check where an earlier task writes the same source', () => {
    const world = new World();
    world
      .path('/etc/apt/sources.list.d/z.list')
      .willBe({ type: 'file', text: 'deb https://x.example/debian bookworm main\n' });
    expect(() => plan(out(undefined, undefined), world)).toThrow(/z.list has it already, and with two keys/);
    world
      .path('/etc/apt/sources.list.d/z.list')
      .willBe({ type: 'file', text: 'deb https://x.example/debian trixie main\n' });
    expect(plan(out(undefined, undefined), world)).toHaveLength(3);
  });

  const other = (path: string, text: string) => `source ${Buffer.from(text).toString('base64')} ${path}`;
  const LIST = '/etc/apt/sources.list.d/y.list';
  it.each([
    [LIST, 'deb [arch=amd64 signed-by=/usr/share/keyrings/y.gpg] https://x.example/debian/ bookworm main\n'],
    ['/etc/apt/sources.list', '# ours\n deb https://x.example/debian bookworm main\n'],
    [
      '/etc/apt/sources.list.d/y.sources',
      'Types: deb deb-src\nURIs: https://y.example\n https://x.example/debian\nSuites: bullseye bookworm\nSigned-By:\n -----BEGIN\n .\n',
    ],
  ])('is told in a check where %s has the same source', (path, text) => {
    expect(() => plan(out(undefined, undefined, other(path, text)))).toThrow(
      /has it already, and with two keys/,
    );
    const world = new World();
    world.path(path).willBeAbsent();
    expect(plan(out(undefined, undefined, other(path, text)), world)).toHaveLength(3);
    // What stands there for long is left to apt, which says so.
    expect(plan(out(`${KEY}\n`, SOURCES, `read\n${other(path, text)}`))).toEqual([]);
  });

  it.each([
    [LIST, '#deb https://x.example/debian bookworm main\ndeb https://x.example/debian bullseye main\n'],
    [
      LIST,
      'deb-src https://x.example/debian bookworm main\ndeb https://x.example/debian-security bookworm x\n',
    ],
    [
      '/etc/apt/sources.list.d/y.sources',
      'Types: deb\nURIs: https://x.example/debian\nSuites: bookworm\nEnabled: no\n\nTypes: deb\nURIs: https://x.example/debian\nSuites: trixie\n',
    ],
  ])('may be beside %s with %j', (path, text) => {
    expect(plan(out(undefined, undefined, other(path, text)))).toHaveLength(3);
  });

  it.each<Partial<AptRepositoryOptions>>([
    { uris: 'a b' },
    { suites: '' },
    { key: '-----BEGIN PGP PRIVATE KEY BLOCK-----' },
    { key: './nowhere.asc' },
    { key: { url: 'https://x/key', sha256: 'short' } },
  ])('%j is refused before any contact', (more) => {
    expect(() => wish(more)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });
});

describe('a repository of rpm packages', () => {
  it('is a file that names its key', () => {
    const { wish: files } = yumRepository('x', { baseurl: 'https://x.example/$releasever/', key: KEY });
    expect(files).toMatchObject({
      files: [
        { path: '/etc/pki/rpm-gpg/RPM-GPG-KEY-x', content: `${KEY}\n` },
        {
          path: '/etc/yum.repos.d/x.repo',
          content:
            '[x]\nname=x\nbaseurl=https://x.example/$releasever/\nenabled=1\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-x\n',
        },
      ],
    });
  });
});
