import { describe, expect, it } from 'vitest';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { type AuthorizedKeysOptions, authorizedKeys } from '../../../lib/resources/authorized-keys/index.ts';

const word = (text: string) => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
};
const blob = (seed: string) => Buffer.concat([word('ssh-ed25519'), word(seed.repeat(32))]).toString('base64');
const A = `ssh-ed25519 ${blob('a')} ann@laptop`;
const B = `ssh-ed25519 ${blob('b')} bob`;
const WITH = `no-pty,command="echo \\"hi there\\"" ${A}`;

/** What the probe prints of a user's folder and file. */
function observed(
  text: string | undefined,
  { folder = 'directory|700|ann', file = 'regular file|600|ann' } = {},
) {
  const at = (type: string, size: number) => `stat ${type}|ann|${size}|1000|1000|/home/ann/x`;
  return [
    'passwd ann 1000:1000::/home/ann:/bin/sh',
    'home /home/ann',
    text === undefined ? '' : at(folder, 1),
    text === undefined
      ? ''
      : `${at(file, text.length)}${file.startsWith('reg') ? `\ntext\n${Buffer.from(text).toString('base64')}` : ''}`,
    'above directory /home/ann',
  ].join(`\n${MARK}\n`);
}
const plan = (options: AuthorizedKeysOptions, out: string, world = new World()) =>
  authorizedKeys('ann', options).diff({ code: 0, out }, world);
/** The text that is written; undefined where nothing is. A second look must find nothing to do. */
function written(options: AuthorizedKeysOptions, text: string | undefined): string | undefined {
  const after = plan(options, observed(text)).find((change) => change.text)?.text?.after;
  expect(plan(options, observed(after ?? text))).toEqual([]);
  return after;
}

describe('authorized keys', () => {
  it.each<[string, AuthorizedKeysOptions, string | undefined, string | undefined]>([
    ['come first', { keys: A }, undefined, `${A}\n`],
    ['are there', { keys: A }, `${A}\n`, undefined],
    ['are there with another comment', { keys: A }, `ssh-ed25519 ${blob('a')} other\n`, undefined],
    [
      'come after others, which stay byte for byte',
      { keys: B },
      `# mine\n${WITH}\n`,
      `# mine\n${WITH}\n${B}\n`,
    ],
    ['come on a line of their own', { keys: B }, A, `${A}\n${B}\n`],
    [
      'may hold the key of another twice',
      { keys: B },
      `from="a" ${A}\nfrom="b" ${A}\n`,
      `from="a" ${A}\nfrom="b" ${A}\n${B}\n`,
    ],
    ['hold a named key only as it is named', { keys: WITH }, `${A}\n${B}\n`, `${B}\n${WITH}\n`],
    [
      'may be named twice',
      { keys: [`from="a" ${A}`, `from="b" ${A}`] },
      '',
      `from="a" ${A}\nfrom="b" ${A}\n`,
    ],
    ['come from a text of several', { keys: `# team\n${A}\n\n${B}\n` }, '', `${A}\n${B}\n`],
    ['alone: comments are not keys', { keys: A, exclusive: true }, `# mine\n${A}\n`, undefined],
    ['alone: others go', { keys: A, exclusive: true }, `# mine\n${B}\n${A}\n`, `# mine\n${A}\n`],
    [
      'alone: what sshd may take for a key goes, whatever its type is called',
      { keys: A, exclusive: true },
      `rsa-sha2-256 AAAAB3 x\nfuture-key@openssh.com AAAA y\n\n # mine\n${A}\n`,
      `\n # mine\n${A}\n`,
    ],
    [
      'beside lines that are no keys, which stay',
      { keys: B },
      `future-key@openssh.com AAAA y\n`,
      `future-key@openssh.com AAAA y\n${B}\n`,
    ],
  ])('%s', (_name, options, before, after) => {
    expect(written(options, before)).toBe(after);
  });

  it('are shown one by one', () => {
    expect(plan({ keys: A, exclusive: true }, observed(`${B}\n`))).toMatchObject([
      { kind: 'remove', before: B, after: null },
      { kind: 'create', before: null, after: A },
    ]);
  });

  it('lie where nobody else writes', () => {
    const open = { folder: 'directory|775|ann', file: 'regular file|644|root' };
    expect(
      plan({ keys: A }, observed(`${A}\n`, open)).map(({ property, after }) => `${property} ${after}`),
    ).toEqual(['.ssh mode 0700', 'authorized_keys mode 0600', 'authorized_keys owner ann']);
  });

  it.each([
    [{ folder: 'symbolic link|777|ann' }, /\/home\/ann\/.ssh is a link, a directory was wanted$/],
    [{ file: 'symbolic link|777|ann' }, /authorized_keys is a link, a file was wanted$/],
  ])('%j is not followed', (more, message) => {
    expect(() => plan({ keys: A }, observed(`${B}\n`, more))).toThrow(message);
  });

  it('may come from several tasks, unless one has the whole list', () => {
    const world = new World();
    const [one, two] = [plan({ keys: A }, observed(''), world), plan({ keys: B }, observed(''), world)];
    expect([one, two].map((changes) => changes[0]?.text?.after)).toEqual([`${A}\n`, `${A}\n${B}\n`]);
    expect(() => plan({ keys: A, exclusive: true }, observed(''), world)).toThrow(/another task adds a key$/);
    const listed = new World();
    plan({ keys: A, exclusive: true }, observed(''), listed);
    expect(() => plan({ keys: B }, observed(''), listed)).toThrow(/another task adds a key$/);
    expect(plan({ keys: A }, observed(''), listed)).toEqual([]);
  });

  it('are not named by two tasks with different options: each would undo the other', () => {
    const world = new World();
    plan({ keys: `from="a" ${A}` }, observed(''), world);
    expect(() => plan({ keys: `from="b" ${A}` }, observed(''), world)).toThrow(
      /another task, with other options$/,
    );
  });

  it('are not written where other bytes would be lost', () => {
    const out = (text: string) =>
      observed(text).replace(
        Buffer.from(text).toString('base64'),
        Buffer.from(text, 'latin1').toString('base64'),
      );
    const text = `# für mich\n${B}\n`;
    expect(() => plan({ keys: A }, out(text))).toThrow(/authorized_keys: it is not UTF-8 text$/);
    expect(plan({ keys: B }, out(text))).toEqual([]);
  });

  it('want their file to be there', () => {
    const task = authorizedKeys('ann', { keys: A });
    expect(task.provides?.({ code: 0, out: observed('') })).toEqual([
      '/home/ann/.ssh',
      '/home/ann/.ssh/authorized_keys',
    ]);
  });

  it('need a home', () => {
    const out = observed('').replace('home /home/ann\n', 'home /nonexistent\n');
    expect(() => plan({ keys: A }, out)).toThrow(/the home of ann is \/nonexistent$/);
  });

  it('need the user, or a task that makes it', () => {
    expect(() => plan({ keys: A }, '')).toThrow(/there is no user ann$/);
    const world = new World();
    world.user('ann').willBe({});
    expect(plan({ keys: [A, B] }, '', world)).toMatchObject([
      { kind: 'create', after: A, certainty: 'certain' },
      { kind: 'create', after: B, certainty: 'certain' },
    ]);
  });

  it.each([
    'nonsense',
    `ssh-ed25519 ${blob('a').slice(0, 30)}`,
    'ssh-ed25519',
    `ssh-rsa ${blob('a')}`,
    '-----BEGIN OPENSSH PRIVATE KEY-----',
  ])('%s is refused before any contact', (keys) => {
    expect(() => authorizedKeys('ann', { keys })).toThrow(expect.objectContaining({ exitCode: 1 }));
  });

  it.each<AuthorizedKeysOptions>([
    { keys: [], exclusive: true },
    { keys: '# none yet\n', exclusive: true },
    { keys: [''], exclusive: true },
  ])('are not none, which would let nobody in: %j', (options) => {
    expect(() => authorizedKeys('ann', options)).toThrow(
      expect.objectContaining({ exitCode: 1, hint: expect.stringContaining('absent(') }),
    );
  });

  it('may be none beside those of others, as a loop over users has it', () => {
    expect(() => authorizedKeys('ann', { keys: [] })).not.toThrow();
  });
});
