import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../lib/dsl/shell/prelude.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import type { PackagesOptions } from '../../../lib/resources/packages/backend.ts';
import { packages } from '../../../lib/resources/packages/index.ts';
import { withoutRepeats } from '../../../lib/runner/plan/wishes.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

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
  it('are looked at for as long as the package manager may try what it would do', () => {
    const names = (count: number) => Array.from({ length: count }, (_, i) => `p${i}`).join(' ');
    expect([1, 3, 30].map((count) => packages(names(count)).lookSeconds)).toEqual([15, 25, 55]);
  });

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
      'that came with another one',
      'nginx',
      {},
      apt('1.22-1', NEW, 'native amd64\nauto nginx:amd64'),
      ['update nginx mark a dependency installed on purpose certain'],
    ],
    [
      'that came with another one, and is to be newer',
      'nginx',
      { version: 'latest' },
      apt('1.22-1', NEW, 'native amd64\nauto nginx:amd64'),
      ['update nginx 1.22-1 1.24-2 certain', 'update nginx mark a dependency installed on purpose certain'],
    ],
    [
      'that is to be absent, and came with another one',
      'nginx',
      { state: 'absent' },
      apt('1.24-2', NEW, 'native amd64\nauto nginx:amd64\ntakes nginx'),
      ['remove nginx 1.24-2  certain'],
    ],
    [
      'that came with another one for another architecture',
      'nginx',
      {},
      apt('1.22-1', NEW, 'native amd64\nauto nginx:i386'),
      [],
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
      'an older version is not a surprise',
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
      'nothing goes for what is installed',
      {},
      apt(undefined, NEW, 'takes site'),
      /cannot install nginx: site would be removed$/,
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
    ['nginx-', {}],
    ['nginx-:i386', { state: 'absent' }],
    ['nginx', { version: '1 2' }],
    ['nginx', { version: '1', state: 'absent' }],
  ])('%j with %j is refused before any contact', (name, options) => {
    expect(() => packages(name, options)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });

  it.each([
    ['@development', /group install/],
    ['./site.deb', /^bring the file/],
    ['site.rpm', /^bring the file/],
    ['perl(DBI)', /--whatprovides/],
    ['nginx=1.2', /^a version is an option/],
    ['-nginx', /^letters/],
    ['nginx-', /state: 'absent'/],
  ])('%s is told what to write instead', (name, hint) => {
    expect(() => packages(name)).toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) }));
  });

  it('that are to go are removed, and nothing is installed', () => {
    const task = packages('nginx', { state: 'absent' });
    const script = task.apply(task.diff({ code: 0, out: apt('1.24-2', NEW) }, new World()), {}).text;
    expect(script).toMatch(/^q_apt remove nginx$/m);
    expect(script).not.toContain('q_apt install');
  });

  it('that are to go, and are not there, are not named to apt: it would install nginx+', () => {
    const task = packages('tar+ nginx', { state: 'absent' });
    const script = task.apply(task.diff({ code: 0, out: apt('1.24-2', NEW) }, new World()), {}).text;
    expect(script).toMatch(/^q_apt remove nginx$/m);
  });

  it('that are to go alone do not take along what was installed since', () => {
    const task = packages('nginx', { state: 'absent' });
    const script = task.apply(task.diff({ code: 0, out: apt('1.24-2', NEW) }, new World()), {}).text;
    expect(script.indexOf('would go, too')).toBeLessThan(script.indexOf('q_apt remove nginx'));
    expect(script).toContain('|| :\n');
  });

  it('remove what stands in their way where an earlier task says that it goes, or shell may clear the way', () => {
    const takes = { code: 0, out: apt(undefined, NEW, 'takes site') };
    const gone = new World();
    const site = apt(undefined, []).replace('config-files nginx-extras', 'installed site');
    packages('site', { state: 'absent' }).diff({ code: 0, out: site }, gone);
    expect(packages('nginx').diff(takes, gone)).toHaveLength(1);
    const opaque = new World();
    opaque.expectAnything();
    expect(packages('nginx').diff(takes, opaque)).toHaveLength(1);
    const refused = expect.objectContaining({ exitCode: 3, hint: expect.stringMatching(/^if that may go/) });
    expect(() => packages('nginx').diff(takes, new World())).toThrow(refused);
    const both = { code: 0, out: `${apt('1.22-1', NEW, 'takes nginx')}\n` };
    expect(() => packages('nginx lacking').diff(both, new World())).toThrow(refused);
  });

  it('take the place of others in one command where that is said, and those go with it', () => {
    const swap = packages('nginx', { replaces: 'site' });
    const world = new World();
    const changes = swap.diff({ code: 0, out: apt(undefined, NEW, 'takes site') }, world);
    expect(changes.map(({ kind, property }) => `${kind} ${property}`)).toEqual([
      'create nginx',
      'remove site',
    ]);
    expect(world.package('site').state).toBe(null);
    const script = swap.apply(changes, {}).text;
    expect(script).not.toContain('--no-remove');
    expect(script).toMatch(/^q_resolved\(\) \{ q_named && q_install +nginx; \}$/m);
    const two = { code: 0, out: apt(undefined, NEW, 'takes site\ntakes more') };
    expect(() => swap.diff(two, new World())).toThrow(/: more would be removed$/);
    expect(swap.diff({ code: 0, out: apt('1.24-2', NEW) }, new World())).toEqual([]);
    const both = [packages('site'), swap].map((task) => ({ role: 'r', task }));
    expect(() => withoutRepeats('h', both)).toThrow(expect.objectContaining({ exitCode: 1 }));
    expect(() => packages('nginx', { replaces: 'site', state: 'absent' })).toThrow(
      /is to be absent, and replaces/,
    );
  });

  it('that several packages provide, and none is, are to be said by name', () => {
    const provided = (...by: string[]) =>
      apt(undefined, [], by.map((one) => `provides httpd ${one}`).join('\n')).replace(
        'config-files nginx-extras',
        'installed site',
      );
    expect(() => plan('httpd', {}, provided('nginx', 'apache2', 'nginx'))).toThrow(
      /^httpd is no package, and several provide it: nginx, apache2$/,
    );
    const world = new World();
    packages('nginx').diff({ code: 0, out: apt(undefined, NEW) }, world);
    const task = packages('httpd');
    expect(task.diff({ code: 0, out: provided('nginx', 'apache2') }, world)).toHaveLength(1);
    expect(plan('httpd', {}, provided('nginx'))).toEqual(['create httpd  unknown unknown']);
    expect(plan('httpd', {}, apt('1.24-2', NEW, 'provides httpd a\nprovides httpd b'))).toEqual([]);
  });

  it('that came with others are marked, beside those that are installed', () => {
    const task = packages('nginx nginx-extras');
    const out = apt('1.22-1', NEW, 'native amd64\nauto nginx:amd64');
    const script = task.apply(task.diff({ code: 0, out }, new World()), {}).text;
    expect(script).toMatch(/ q_install --no-remove nginx-extras;/);
    expect(script).toMatch(/ && apt-mark manual nginx 2>&1$/m);
    const alone = packages('nginx');
    expect(alone.apply(alone.diff({ code: 0, out }, new World()), {}).text).not.toContain('q_apt');
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

const hasApt = spawnSync('sh', ['-c', 'command -v apt-get && [ -s /var/lib/dpkg/status ]']).status === 0;

// Debian's busybox has a dpkg of its own, and takes it before the one on PATH.
const shells = SHELLS.filter(([name]) => name !== 'busybox');

/** On a host with an apt that has `wget` and `curl`, and writes down what it is told. */
describe.runIf(hasApt).each(shells)('a name that no package has, under %s', (_name, ...shell) => {
  function onHost(text: string, lists = 'wget:\ncurl:\n', removes: readonly string[] = []) {
    const dir = scratch();
    const program = (one: string, does: string) =>
      writeFileSync(join(dir, one), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
    program('dpkg', 'case $1 in --print-architecture) echo amd64 ;; esac');
    program(
      'dpkg-query',
      "echo 'dpkg installed wget:amd64 1 '; echo 'dpkg installed curl:amd64 1 '; echo 'dpkg half-configured broken:amd64 2 '",
    );
    // As apt does: for what it does not know, all that fits.
    program('apt-cache', `printf '${lists}'`);
    const gone = removes.map((one) => `Remv ${one} [1]\\n`).join('');
    program(
      'apt-get',
      `case " $* " in *' -s '*) printf '${gone}' ;; esac; printf '%s\\n' "$*" | sed 's/.* \\(install\\|remove\\|update\\)/\\1/' >>${dir}/log`,
    );
    const { status, stdout } = spawnSync(
      shell[0] ?? 'sh',
      [...shell.slice(1), '-c', `${PRELUDE}\nPATH=${dir}:$PATH\n${text}`],
      { encoding: 'utf8' },
    );
    return {
      status,
      stdout,
      told: existsSync(join(dir, 'log')) ? readFileSync(join(dir, 'log'), 'utf8') : '',
    };
  }
  const out = 'manager apt\nnative amd64';
  const install = (name: string, options: PackagesOptions = {}) => {
    const task = packages(name, options);
    return task.apply(task.diff({ code: 0, out }, new World()), {}).text;
  };

  it.each(['wget+', 'linux-headers-6.1', 'lib.c6:i386'])('installs nothing: %s', (name) => {
    const { status, stdout, told } = onHost(install(name));
    expect({ status, stdout, told }).toEqual({
      status: 1,
      stdout: `the package lists have no ${name}\n`,
      told: 'update\n',
    });
  });

  it('installs nothing in a version, either', () => {
    expect(onHost(install('wget+', { version: '1' }))).toMatchObject({ status: 1, told: 'update\n' });
  });

  it.each(['wget', 'wget:amd64', 'g++'])('one that has it is installed: %s', (name) => {
    const { status, told } = onHost(install(name), 'wget:\ng++:\n');
    expect({ status, told }).toEqual({ status: 0, told: `install --no-remove ${name}\n` });
  });

  it('takes away no more than what it may replace', () => {
    const swap = install('wget', { replaces: 'mailx' });
    expect(onHost(swap, undefined, ['mailx']).told).toBe('install wget\ninstall wget\n');
    const { status, stdout, told } = onHost(swap, undefined, ['mailx', 'others']);
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: expect.stringMatching(/^these would go, too: others$/m),
    });
    expect(told).toBe('install wget\nupdate\ninstall wget\n');
  });

  it('is asked who provides it where the lists have it as no package', () => {
    const none = '  Installed: (none)\n  Candidate: (none)\n  Version table:\n';
    const shown = `case $1 in policy) printf 'mta:\\n${none.replaceAll('\n', '\\n')}wget:\\n' ;; showpkg) printf 'Package: mta\\nReverse Provides: \\npostfix 3 (= )\\nexim 4 (= )\\n' ;; esac`;
    const { stdout } = onHost(packages('mta wget').probe?.text ?? '', `'; ${shown}; : '`);
    expect(stdout.split('\n').filter((line) => line.startsWith('provides'))).toEqual([
      'provides mta postfix',
      'provides mta exim',
    ]);
  });

  it('is simulated before it is installed, in the version that is meant', () => {
    expect(onHost(packages('g++ wget tree').probe?.text ?? '', 'g++:\n').told).toBe('install g++\n');
    const lists = 'tree:\n  Version table:\n     1.2-1 500\n';
    const asked = onHost(packages('tree', { version: '1.2', downgrade: true }).probe?.text ?? '', lists);
    expect(asked.told).toBe('install --allow-downgrades tree=1.2-1\n');
    expect(onHost(packages('tree', { version: '1.3' }).probe?.text ?? '', lists).told).toBe('');
  });

  it('is there, for what is to be absent, while its installation is not finished', () => {
    const found = (name: string, options: PackagesOptions) =>
      onHost(packages(name, options).probe?.text ?? '').stdout;
    expect(found('broken', { state: 'absent' })).toContain('dpkg installed broken:amd64 2');
    expect(found('broken', {})).toContain('dpkg half-configured broken:amd64 2');
  });

  it('is not asked about where it is to be absent', () => {
    const { told, stdout } = onHost(packages('wget tar+', { state: 'absent' }).probe?.text ?? '');
    expect(stdout).toContain('dpkg installed wget:amd64');
    expect(told).toBe('remove wget\n');
  });
});

describe.runIf(hasApt).each(shells)('a version of a package under %s', (_name, ...shell) => {
  /** Applies with an apt that knows `before`, once updated `after`, and installs whole versions that it knows alone. */
  function applied(
    version: string,
    { before, after }: Record<'before' | 'after', readonly string[]>,
    out: string,
  ) {
    const dir = scratch();
    const program = (name: string, text: string) =>
      writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    const table = (versions: readonly string[]) =>
      `nginx:\n  Installed: 1.0-1\n  Version table:\n${[...versions.map((one) => `     ${one} 500\n        500 http://x Packages`), ' *** 1.0-1 100', '        100 /var/lib/dpkg/status'].join('\n')}\n`;
    writeFileSync(join(dir, 'lists'), table(before));
    writeFileSync(join(dir, 'next'), table(after));
    program('dpkg', '');
    program('apt-cache', `cat ${dir}/lists`);
    program(
      'apt-get',
      `for one; do :; done
case " $* " in
*' update '*) echo update >>${dir}/log; cp ${dir}/next ${dir}/lists ;;
*' install '*) echo "install $one" >>${dir}/log; grep -qF -- " \${one#*=} " ${dir}/lists ;;
esac`,
    );
    const task = packages('nginx', { version });
    const script = task.apply(task.diff({ code: 0, out }, new World()), {}).text;
    const { status, stdout, stderr } = spawnSync(
      shell[0] ?? 'sh',
      [...shell.slice(1), '-c', `${PRELUDE}\n${script}`],
      {
        encoding: 'utf8',
        env: { ...process.env, PATH: `${dir}${delimiter}${process.env.PATH}` },
      },
    );
    expect(stderr).toBe('');
    return { status, stdout, log: readFileSync(join(dir, 'log'), 'utf8').trim().split('\n') };
  }

  const NEW = ['1:1.24.1-2', '1:1.24-2+b1', '1:1.24-1', '1.240-1', '1.2-1'];
  it.each<[string, version: string, whole: string]>([
    ['in any build', '1.24', '1:1.24-2+b1'],
    ['without its epoch', '1.24-1', '1:1.24-1'],
    ['whatever comes after', '1.24*', '1:1.24.1-2'],
    ['whole', '1:1.24-1', '1:1.24-1'],
    ['that is on the host alone', '1.0', '1.0-1'],
  ])('%s is found once the lists know it, in one run', (_case, version, whole) => {
    const { status, log } = applied(version, { before: [], after: NEW }, apt(undefined, []));
    expect({ status, last: log.at(-1) }).toEqual({ status: 0, last: `install nginx=${whole}` });
  });

  it('is found without an update where a repository of the same run has brought it', () => {
    const { status, log } = applied('1.24', { before: NEW, after: NEW }, apt(undefined, []));
    expect({ status, log }).toEqual({ status: 0, log: ['install nginx=1:1.24-2+b1'] });
  });

  it('makes way for a newer build where that of the plan is gone', () => {
    const known = apt(undefined, ['1.24-1']);
    const { status, log } = applied('1.24', { before: ['1.24-2'], after: ['1.24-2'] }, known);
    expect({ status, log }).toEqual({
      status: 0,
      log: ['install nginx=1.24-1', 'update', 'install nginx=1.24-2'],
    });
  });

  it('that nobody has is told with those that there are', () => {
    const { status, stdout } = applied('9', { before: [], after: ['1.24-2'] }, apt(undefined, []));
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: 'the package lists have no nginx in version 9, but 1.24-2 1.0-1 \n',
    });
  });
});

it.runIf(hasApt)('what apt would remove for an installation is known to a check, by apt itself', () => {
  const dir = scratch();
  for (const one of ['etc/apt', 'var/lib/apt/lists/partial', 'var/cache/apt/archives/partial', 'repo', 'bin'])
    mkdirSync(join(dir, one), { recursive: true });
  const mailer = (name: string, more: string) =>
    `Package: ${name}\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nProvides: lab-mta\nConflicts: lab-mta\n${more}Description: x\n\n`;
  const status = join(dir, 'status');
  // One needs a mailer, whichever: neither may go, and the other not come beside it.
  const needs =
    'Package: lab-mailx\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\n';
  writeFileSync(
    status,
    `${mailer('lab-exim', 'Status: install ok installed\n')}${needs}Depends: lab-exim | lab-mta\nDescription: x\n\n`,
  );
  const file = `Filename: ./p.deb\nSize: 1\nSHA256: ${'0'.repeat(64)}\n`;
  writeFileSync(join(dir, 'repo/Packages'), mailer('lab-postfix', file) + mailer('lab-sendmail', file));
  writeFileSync(join(dir, 'etc/apt/sources.list'), `deb [trusted=yes] file:${dir}/repo ./\n`);
  const conf = join(dir, 'apt.conf');
  writeFileSync(conf, `Dir "${dir}"; Dir::State::status "${status}"; APT::Sandbox::User "root";\n`);
  writeFileSync(join(dir, 'bin/dpkg-query'), `#!/bin/sh\nexec /usr/bin/dpkg-query --admindir=${dir} "$@"\n`, {
    mode: 0o755,
  });
  const env = { ...process.env, APT_CONFIG: conf, PATH: `${dir}/bin${delimiter}${process.env.PATH}` };
  expect(spawnSync('apt-get', ['-q', 'update'], { env }).status).toBe(0);
  const check = (name: string, options: PackagesOptions, world = new World()) => {
    const task = packages(name, options);
    const script = `${PRELUDE}\n${task.probe?.text}`;
    const { stdout } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8' });
    return task.diff({ code: 0, out: stdout }, world).length;
  };
  for (const options of [{}, { version: '1*' }])
    for (const names of ['lab-postfix', 'lab-exim lab-postfix'])
      expect(() => check(names, options)).toThrow(/lab-postfix: lab-exim would be removed$/);
  const world = new World();
  expect(() => check('lab-exim', { state: 'absent' })).toThrow(/lab-mailx would go, too$/);
  expect(check('lab-exim lab-mailx', { state: 'absent' }, world)).toBe(2);
  expect(check('lab-postfix', {}, world)).toBe(1);
  expect(check('lab-postfix', { replaces: 'lab-exim' })).toBe(2);
  expect(check('lab-mta', {})).toBe(0);
  writeFileSync(status, `${needs.replace('lab-mailx', 'lab-other')}Description: x\n\n`);
  expect(() => check('lab-mta', {})).toThrow(/several provide it: lab-(postfix|sendmail), lab-/);
});
