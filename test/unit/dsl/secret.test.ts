import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { asOneRun, PerRun } from '../../../lib/dsl/common/per-run.ts';
import { redact, Secret } from '../../../lib/dsl/secret.ts';

it('masks a secret wherever it turns up, as JSON and shells write it too', () => {
  new Secret(`lang"es'wort`);
  expect(redact(`x lang"es'wort y`)).toBe('x ******** y');
  expect(redact(JSON.stringify({ a: `lang"es'wort` }))).toBe('{"a":"********"}');
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

  it('a part of a run is no run of its own', () => {
    const made = new PerRun(() => ({ of: '' }));
    asOneRun(() => {
      made.own.of = 'outer';
      asOneRun(() => expect(made.own.of).toBe('outer'));
    });
  });
});
