import { describe, expect, it } from 'vitest';
import { World } from '../../../lib/dsl/world.ts';
import type { PackagesOptions } from '../../../lib/resources/packages/backend.ts';
import { packages } from '../../../lib/resources/packages/index.ts';

/** What the probe prints of `nginx`: installed in a version, and what the lists know of it, newest first. */
function apt(installed: string | undefined, versions: readonly string[], more = ''): string {
  const table = versions.map(
    (one) =>
      `policy ${one === installed ? ' *** ' : '     '}${one} 500\npolicy         500 file:/srv ./ Packages`,
  );
  return [
    'manager apt',
    installed === undefined ? '' : `dpkg installed nginx ${installed} httpd, httpd-cgi (= 1)`,
    'dpkg config-files nginx-extras 1.0 ',
    'policy nginx:',
    `policy   Installed: ${installed ?? '(none)'}`,
    `policy   Candidate: ${versions[0] ?? '(none)'}`,
    'policy   Version table:',
    ...table,
    more,
  ].join('\n');
}

const plan = (name: string, options: PackagesOptions, out: string) =>
  packages(name, options)
    .diff({ code: 0, out }, new World())
    .map(({ kind, property, before, after, certainty }) =>
      [kind, property, before, after, certainty].join(' '),
    );

describe('packages', () => {
  const NEW = ['1.24-2', '1.24-1', '1.22-1'];
  it.each<[string, string, PackagesOptions, out: string, string[]]>([
    ['that is missing', 'nginx', {}, apt(undefined, NEW), ['create nginx  1.24-2 certain']],
    ['that the lists do not know', 'nginx', {}, apt(undefined, []), ['create nginx  unknown unknown']],
    ['that is there, not the newest', 'nginx', {}, apt('1.22-1', NEW), []],
    ['that another one provides', 'httpd', {}, apt('1.22-1', NEW), []],
    [
      'of which only files are left',
      'nginx-extras',
      {},
      apt('1.22-1', NEW),
      ['create nginx-extras  unknown unknown'],
    ],
    [
      'that is held, and to be the newest',
      'nginx',
      { version: 'latest' },
      apt('1.22-1', NEW, 'want hold nginx'),
      [],
    ],
    [
      'that is held in its version',
      'nginx',
      { version: '1.22-1' },
      apt('1.22-1', NEW, 'want hold nginx'),
      [],
    ],
    ['of a version that is there', 'nginx', { version: '1.22-1' }, apt('1.22-1', NEW), []],
    ['of a pattern that is there', 'nginx', { version: '1.24*' }, apt('1.24-1', NEW), []],
    [
      'of a pattern, newer',
      'nginx',
      { version: '1.24*' },
      apt('1.22-1', NEW),
      ['update nginx 1.22-1 1.24-2 certain'],
    ],
    ['of a version, told without its epoch', 'nginx', { version: '1.24-1' }, apt('1:1.24-1', NEW), []],
    [
      'of an older version, where that may be',
      'nginx',
      { version: '1.22-1', downgrade: true },
      apt('1.24-1', NEW),
      ['update nginx 1.24-1 1.22-1 certain'],
    ],
    [
      'that is to be the newest',
      'nginx',
      { version: 'latest' },
      apt('1.24-1', NEW),
      ['update nginx 1.24-1 1.24-2 certain'],
    ],
    ['that is the newest', 'nginx', { version: 'latest' }, apt('1.24-2', NEW), []],
    [
      'that is missing, and to be the newest',
      'nginx',
      { version: 'latest' },
      apt(undefined, NEW),
      ['create nginx  1.24-2 certain'],
    ],
    [
      'that is to be absent',
      'nginx',
      { state: 'absent' },
      apt('1.24-2', NEW, 'takes nginx'),
      ['remove nginx 1.24-2  certain'],
    ],
    ['that is absent', 'nginx', { state: 'absent' }, apt(undefined, NEW), []],
    [
      'that is there for another architecture alone',
      'zlib',
      {},
      'manager apt\nnative amd64\ndpkg installed zlib:i386 1.3 \npolicy zlib:\npolicy   Candidate: 1.3',
      ['create zlib  1.3 certain'],
    ],
    [
      'that are there, one of them for every architecture',
      'zlib zlib:i386 docs',
      {},
      'manager apt\nnative amd64\ndpkg installed docs:all 1 \ndpkg installed zlib:amd64 1.3 \ndpkg installed zlib:i386 1.3 ',
      [],
    ],
    [
      'that is held for this architecture',
      'zlib',
      { version: 'latest' },
      'manager apt\nnative amd64\ndpkg installed zlib:amd64 1.3 \nwant hold zlib:amd64\npolicy zlib:\npolicy   Candidate: 1.4',
      [],
    ],
    [
      'of a version with a tilde',
      'nginx',
      { version: '1.24~rc1' },
      apt(undefined, ['1.24-1', '1.24~rc1-1']),
      ['create nginx  1.24~rc1-1 certain'],
    ],
    [
      'two, one of them there',
      'nginx nginx-extras',
      {},
      apt('1.24-2', NEW),
      ['create nginx-extras  unknown unknown'],
    ],
  ])('%s', (_name, name, options, out, found) => {
    expect(plan(name, options, out)).toEqual(found);
  });

  it.each<[string, PackagesOptions, out: string, message: RegExp]>([
    [
      'an older version is no surprise',
      { version: '1.22-1' },
      apt('1.24-1', NEW),
      /1.24-1 is installed, and 1.22-1.*is older$/,
    ],
    [
      'nothing goes that is not named',
      { state: 'absent' },
      apt('1.24-2', NEW, 'takes nginx\ntakes site'),
      /cannot remove nginx: site would go, too$/,
    ],
    [
      'what is held does not move',
      { version: '1.24*' },
      apt('1.22-1', NEW, 'want hold nginx'),
      /nginx is held at 1.22-1, and is to be 1.24\*$/,
    ],
    [
      'what is held does not go',
      { state: 'absent' },
      apt('1.22-1', NEW, 'want hold nginx'),
      /nginx is held at 1.22-1, and is to go$/,
    ],
    ['a host without apt', {}, 'manager none', /no package manager that is known/],
  ])('%s', (_name, options, out, message) => {
    expect(() => plan('nginx', options, out)).toThrow(message);
  });

  it.each<[string, PackagesOptions]>([
    ['', {}],
    ['nginx=1.2', {}],
    ['-nginx', {}],
    ['nginx', { version: '1 2' }],
    ['nginx', { version: '1', state: 'absent' }],
  ])('%j with %j is refused before any contact', (name, options) => {
    expect(() => packages(name, options)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });

  it('that are due may bring what later tasks need', () => {
    const world = new World();
    packages('nginx').diff({ code: 0, out: apt(undefined, NEW) }, world);
    expect(world.bringsMore).toBe(true);
    const left = new World();
    packages('nginx').diff({ code: 0, out: apt('1.24-2', NEW) }, left);
    expect(left.bringsMore).toBe(false);
  });
});
