import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { asOneRun, PerRun } from '../../../lib/dsl/common/per-run.ts';
import { keepMasked, redact, refusingSecretsAsText, Secret, usualMode } from '../../../lib/dsl/secret.ts';

it('masks a secret wherever it turns up, as JSON and shells write it too', () => {
  new Secret(`lang"es'wort`);
  expect(redact(`x lang"es'wort y`)).toBe('x ******** y');
  expect(redact(JSON.stringify({ a: `lang"es'wort` }))).toBe('{"a":"********"}');
});

it.each<[string, string | RegExp]>([
  [Buffer.from('hunter2/ü?>').toString('base64'), /^\*{8}.?=*$/],
  [Buffer.from('hunter2/ü?>\n').toString('base64'), /^\*{8}.{0,4}=*$/],
  [Buffer.from('hunter2/ü?>').toString('base64url'), /^\*{8}.?$/],
  [Buffer.from('me:hunter2/ü?>').toString('base64'), /^.{4}\*{8}.?=*$/],
  [Buffer.from('you:hunter2/ü?>, and more').toString('base64'), /^.{6}\*{8}.*=*$/],
  [`https://me:${encodeURIComponent('hunter2/ü?>')}@host`, 'https://me:********@host'],
])('masks a secret in base64, and as URLs spell it: %s', (text, masked) => {
  asOneRun(() => {
    new Secret('hunter2/ü?>');
    expect(redact(text)).toMatch(masked);
  });
});

it('masks one that no URL can spell: half of a surrogate pair', () => {
  asOneRun(() => {
    const half = JSON.parse('"\\ud800hunter2"');
    new Secret(half);
    expect(redact(`it is ${half}`)).toBe('it is ********');
  });
});

it.each([
  ['password: ab1', 'password: ********'],
  ['ANSIBLE_PASSWORD=ab1', 'ANSIBLE_PASSWORD=********'],
  ['{"ansible_become_pass":"ab1"}', '{"ansible_become_pass":"********"}'],
  ['--token=ab1 --x', '--token=******** --x'],
  ['an ab1 in a sentence', 'an ab1 in a sentence'],
  ['password: ab12', 'password: ab12'],
])('masks one of fewer than six characters where it stands as a value: %s', (text, masked) => {
  new Secret('ab1');
  expect(redact(text)).toBe(masked);
});

it.each([
  ['0600', 'token of-a-role\n'],
  ['0600', 'postgres://u:of-a-role@db\n'],
  ['0600', 'url = https://me:pa55w0rd@mirror/\n'],
  ['0644', '# url = https://me:pa55w0rd@mirror/\n'],
  ['0644', 'url = https://$USER:$PASS@mirror/ http://mirror:80/\n'],
  ['0600', 'password: ab1'],
  ['0600', `[{"x":"two\\nlines"}]`],
  ['0644', 'token of-a-roles\n'],
  ['0644', 'an ab1 in a sentence'],
  ['0644', 'some lines'],
  ['0644', 'vagrant, in-a-vault'],
])('a new file is %s with the text %s', (mode, text) => {
  asOneRun(() => {
    for (const one of ['of-a-role', 'ab1', 'two\nlines']) new Secret(one);
    new Secret('vagrant', { ofLogin: true });
    keepMasked('in-a-vault');
    expect(usualMode(text)).toBe(mode);
    expect(usualMode(new Secret('x'))).toBe('0600');
    expect(redact('vagrant, in-a-vault')).toBe('********, ********');
  });
});

describe('a secret of another copy of Quorate in the process', () => {
  it('is masked, and a secret here', async () => {
    vi.resetModules();
    const copy: typeof import('../../../lib/dsl/secret.ts') = await import('../../../lib/dsl/secret.ts');
    expect(copy.Secret).not.toBe(Secret);
    const theirs = new copy.Secret('correct-horse-battery');
    expect(redact('pw correct-horse-battery')).toBe('pw ********');
    expect(theirs).toBeInstanceOf(Secret);
    expect(() => refusingSecretsAsText(() => `${theirs}`)).toThrow(/put into text/);
    new Secret('staple-of-ours');
    expect(copy.redact('staple-of-ours')).toBe('********');
  });

  it('is known to the run alone in which it was made', async () => {
    vi.resetModules();
    const copy: typeof import('../../../lib/dsl/secret.ts') = await import('../../../lib/dsl/secret.ts');
    asOneRun(() => new copy.Secret('made in one run'));
    expect(asOneRun(() => redact('made in one run'))).toBe('made in one run');
  });
});

describe('two runs in one process', () => {
  it('do not know of each other', async () => {
    const made = new PerRun(() => ({ of: '' }));
    const run = (name: string) =>
      asOneRun(async () => {
        made.own.of += name;
        new Secret(`secret of ${name}`);
        await sleep(5);
        return [made.own.of, redact('secret of one, secret of two')];
      });
    expect(await Promise.all([run('one'), run('two')])).toEqual([
      ['one', '********, secret of two'],
      ['two', 'secret of one, ********'],
    ]);
    expect(made.own.of).toBe('');
  });

  it('are masked both where it is not known which one speaks', async () => {
    const done = asOneRun(async () => {
      new Secret('known to a run');
      await sleep(20);
    });
    expect(redact('known to a run')).toBe('********');
    await done;
  });

  it('a part of a run is not a run of its own', () => {
    const made = new PerRun(() => ({ of: '' }));
    asOneRun(() => {
      made.own.of = 'outer';
      asOneRun(() => expect(made.own.of).toBe('outer'));
    });
  });
});
