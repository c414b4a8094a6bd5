import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLines, wantedData } from '../../../lib/cli/why/shown.ts';
import { Secret } from '../../../lib/dsl/secret.ts';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { Project } from '../support/project.ts';

const SITE = `
const site = role({
  name: 'site',
  description: 'a site',
  vars: {
    site_text: { type: 'string', default: 'hello' },
    site_port: { type: 'integer', default: 80 },
    site_password: { type: 'string', default: 'correct horse battery' },
  },
  tasks: ({ vars }) => [
    file(dir + '/text', { content: vars.site_text }),
    file(dir + '/key', { content: new Secret(vars.site_password), mode: '0600' }),
  ],
});
await playbook(import.meta, { plays: [play({ hosts: 'all', roles: [site] })] });
`;

describe('--why', () => {
  it('says what was read, what is wanted, where the role asks for it and where its variables are written', () => {
    const project = new Project(SITE, ['a']);
    project.inventory(['a'], { site_text: 'new text' });
    writeFileSync(join(project.dir, 'made/text'), 'old');
    const { status, stdout } = project.run('--why', 'made/text');
    expect(status).toBe(0);
    for (const one of [
      /would be changed/,
      /content: sha256:\w+ → sha256:\w+/,
      /regular file, 0\d+, \S+, 3 bytes: .*made\/text/,
      /content: "new text"/,
      /role site, at web\.js:13:\d+/,
      /site_text = "new text" {2}\(group all, inventory\.yaml:1:\d+\)/,
      /site_port = 80 {2}\(default\)/,
    ])
      expect(stdout).toMatch(one);
    expect(project.read('made/text')).toBe('old');
  });

  it('says of a file that is not there that it is absent', () => {
    const { stdout } = new Project(SITE, ['a']).run('--why', 'made/text');
    expect(stdout).toMatch(/was read:\n *absent: \S+made\/text\n/);
    expect(stdout).not.toMatch(/above|\\x1e|\x1e/);
  });

  it('masks secrets, and their digests', () => {
    const project = new Project(SITE, ['a']);
    writeFileSync(join(project.dir, 'made/key'), 'correct horse');
    const { stdout } = project.run('--why', 'made/key', '--output', 'json');
    const why = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
      .find(({ event }) => event === 'why');
    expect(why).toMatchObject({ host: 'a', role: 'site', status: 'changed', position: { line: 14 } });
    expect(Object.keys(why).sort()).toEqual(
      [
        'changes',
        'event',
        'host',
        'position',
        'read',
        'role',
        'runId',
        'status',
        'task',
        'time',
        'variables',
        'wanted',
      ].sort(),
    );
    expect(stdout).not.toMatch(/correct horse|\b[0-9a-f]{64}\b/);
  });

  it('of a task that is fine says so, and what was read', () => {
    const project = new Project(SITE, ['a']);
    expect(project.run().status).toBe(0);
    const { status, stdout } = project.run('--why', 'made/text');
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/is as it is wanted[\s\S]*was read:\n.*regular file/),
    ]);
  });

  it.each([
    ['made', 'is a part of several titles'],
    ['made/texd has its', 'is not a task of these hosts'],
  ])('%s, which is none or several: 1, with those that are near', (asked, said) => {
    const { status, stderr } = new Project(SITE, ['a']).run('--why', asked);
    expect([status, stderr]).toEqual([1, expect.stringContaining(said)]);
    expect(stderr).toContain('made/text has its content');
  });
});

describe('what is shown of a task', () => {
  const secret = { content: new Secret('one-secret-3') };

  it('counts texts, spells states of paths, and names a failure', () => {
    const out = `stat regular file|644|root|root|12|0|0|/etc/motd\ntext\n${Buffer.from('hello').toString('base64')}`;
    expect(readLines({ code: 1, out }, [], {})).toEqual([
      'regular file, 0644, root:root, 12 bytes: /etc/motd',
      'a text of 5 bytes',
      'exit status 1',
    ]);
    expect(readLines({ code: 0, out: '' }, [], {})).toEqual(['nothing']);
  });

  it('says what is absent, and nothing of marks and of the folders above', () => {
    const reads = [
      { path: '/etc/motd', how: 'text' },
      { path: '/etc/motd', how: 'above' },
      { account: 'web', in: 'passwd' },
    ] as const;
    const out = `${MARK}\nabove directory /etc\n${MARK}\n${MARK}\nrunning\n${MARK}unit\nfine\n`;
    expect(readLines({ code: 0, out }, [], {}, reads)).toEqual([
      ...['absent: /etc/motd', 'no passwd web'],
      ...['running', 'unit:', 'fine'],
    ]);
    expect(readLines({ code: 0, out: '' }, [], {}, reads)).toEqual(['absent: /etc/motd']);
  });

  it('masks digests of what holds a secret, and hashes of passwords', () => {
    const out = `sha256 ${'a'.repeat(64)}\nshadow $6$salt$hash`;
    expect(readLines({ code: 0, out }, [], secret)).toEqual(['sha256 ********', 'shadow ********']);
  });

  it('has secrets masked in what is wanted, however deep, and no functions', () => {
    expect(wantedData({ a: [secret], f: () => 1, password: 'x1', n: 1 })).toEqual({
      a: [{ content: '********' }],
      f: undefined,
      password: '********',
      n: 1,
    });
  });
});
