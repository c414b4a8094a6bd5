import { describe, expect, it } from 'vitest';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { absent } from '../../../lib/resources/absent.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { issuedCertificate } from '../../../lib/resources/issued-certificate.ts';
import { release } from '../../../lib/resources/release.ts';

const never = () => Promise.reject(new Error('not in a check'));
const SUM = 'a'.repeat(64);

const TASKS = {
  file: file('/x/file', { content: 'wanted', mode: '0644' }),
  directory: directory('/x/dir', { mode: '0755' }),
  certificate: issuedCertificate('/x/server.pem', {
    keyPath: '/x/server-key.pem',
    sans: [],
    ca: '',
    renewBefore: 0,
    issue: never,
  }),
  release: release('/x/bin', {
    names: ['etcd', 'etcdctl'],
    version: '3.5.16',
    record: '/x/release',
    mode: '0755',
    fetch: never,
  }),
};

const is = (type: string) => `stat ${type}|755|root|root|0|/x`;
const text = (content: string) =>
  `stat regular file|644|root|root|1|/x\ntext\n${Buffer.from(content).toString('base64')}`;
const binary = `stat regular file|755|root|root|1|/x\nsha256 ${SUM}`;
const diff = (task: Task, ...parts: string[]) =>
  task.diff({ code: 0, out: parts.join(`\n${MARK}\n`) }, new World());

describe('what stands at a path and does not make way', () => {
  const CASES: readonly (readonly [name: string, task: Task, parts: readonly string[], message: string])[] = [
    ['a directory for a file', TASKS.file, [is('directory')], '/x/file is a directory, a file was wanted'],
    [
      'a file for a directory',
      TASKS.directory,
      [is('regular file')],
      '/x/dir is a file, a directory was wanted',
    ],
    [
      'a link for a directory',
      TASKS.directory,
      [is('symbolic link')],
      '/x/dir is a link, a directory was wanted',
    ],
    [
      'a directory for a key',
      TASKS.certificate,
      ['', is('directory'), ''],
      '/x/server-key.pem is a directory, a file was wanted',
    ],
    [
      'a directory for a binary',
      TASKS.release,
      ['', '', is('directory')],
      '/x/bin/etcdctl is a directory, a file was wanted',
    ],
  ];
  it.each(CASES)('%s is refused before anything is applied', (_name, task, parts, message) => {
    expect(() => diff(task, ...parts)).toThrow(expect.objectContaining({ message, exitCode: 2 }));
  });

  it.each(['socket', 'character special file', 'block special file'])('a %s is refused, too', (type) => {
    expect(() => diff(TASKS.file, is(type))).toThrow(/, a file was wanted$/);
  });

  it('a link to a directory is refused where a file would get into that directory', () => {
    expect(() => diff(TASKS.file, `${is('symbolic link')}\nto directory`)).toThrow(
      '/x/file is a link to a directory, a file was wanted',
    );
  });

  it('a masked unit is not a link to be replaced in silence', () => {
    const masked = () => diff(TASKS.file, `${is('symbolic link')}\nto device`);
    expect(masked).toThrow('/x/file is a link to a device, a file was wanted');
    expect(masked).toThrow(expect.objectContaining({ hint: expect.stringContaining('systemctl unmask') }));
  });

  it.each(['symbolic link', 'fifo'])('a %s makes way for a file', (type) => {
    expect(diff(TASKS.file, is(type))).toMatchObject([{ kind: 'create', property: 'content' }]);
  });
});

describe('a wish for a path', () => {
  const made = (mode: string) => (file('/x', { content: '', mode }).wish as { mode: string }).mode;
  it.each([
    ['0644', '0644'],
    ['644', '0644'],
    ['02775', '2775'],
    ['2775', '2775'],
    ['u=rw,go=r', '0644'],
    ['a=rx', '0555'],
    ['u=rwx,g=rx,o=', '0750'],
  ])('mode %s means %s', (mode, octal) => expect(made(mode)).toBe(octal));

  it.each(['u=rw', 'g+w', '64', '0888', '', 'rw-r--r--', 420 as never])(
    'mode %j says too little, and is refused before any contact',
    (mode) => expect(() => made(mode)).toThrow(expect.objectContaining({ exitCode: 1 })),
  );

  it.each(['relative', '', '/a\nb', '/a\0b', undefined as never])('path %j is refused', (path) => {
    for (const make of [
      () => file(path, { content: '', mode: '0644' }),
      () => directory(path, { mode: '0755' }),
      () => absent(path),
    ]) {
      expect(make).toThrow(expect.objectContaining({ exitCode: 1 }));
    }
  });

  it('is one wish, however the path is spelt', () => {
    const of = (path: string) => directory(path, { mode: '755' }).thing;
    expect(['/srv/www/', '//srv/./www', '/srv/x/../www'].map(of)).toEqual(Array(3).fill('path /srv/www'));
  });

  it('has text as content, without NUL; the message names the path and not the content', () => {
    const wrong = ['a\0secret', undefined, Promise.resolve('x'), 3] as never[];
    for (const content of wrong) {
      const make = () => file('/x', { content, mode: '0644' });
      expect(make).toThrow(/^the content of \/x |^file "\/x": (?!.*secret)/);
      expect(make).toThrow(expect.objectContaining({ exitCode: 1 }));
    }
  });

  it.each([
    ['33', 'www-data', '33', []],
    ['0', 'root', '0', []],
    ['www-data', 'www-data', '33', []],
    ['34', 'www-data', '33', ['owner']],
    ['33', 'UNKNOWN', '33', []],
  ])('owner %s of a file of %s (%s) differs in %j', (owner, name, uid, differs) => {
    const seen = `stat regular file|644|${name}|root|0|${uid}|0|/x\ntext\n`;
    const task = file('/x', { content: '', mode: '0644', owner });
    expect(task.diff({ code: 0, out: seen }, new World()).map(({ property }) => property)).toEqual(differs);
  });
});

describe('the record of a release', () => {
  const record = `3.5.16 http://mirror/\n${SUM} etcd\n${SUM} etcdctl\n`;
  it('vouches for what it lists', () => {
    expect(diff(TASKS.release, text(record), binary, binary)).toEqual([]);
  });

  it.each([0, 5, 20, 22, 40, record.length - 30, record.length - 1])(
    'vouches for nothing when it is cut after %i bytes',
    (length) => {
      expect(diff(TASKS.release, text(record.slice(0, length)), binary, binary)).toMatchObject([
        { kind: 'create', property: 'version', before: null, after: '3.5.16' },
      ]);
    },
  );
});
