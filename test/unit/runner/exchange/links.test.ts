import { spawnSync } from 'node:child_process';
import { chownSync, lchownSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../../lib/dsl/shell/prelude.ts';
import { compileLinks, parseLinks } from '../../../../lib/runner/exchange/links.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

describe.each(SHELLS)('links on the way to paths under %s', (_name, ...shell) => {
  function found(dir: string, ...names: readonly string[]) {
    const script = `${PRELUDE}${compileLinks(names.map((name) => join(dir, name))).text}`;
    const { stdout, stderr } = spawnSync(shell[0] ?? 'sh', [...shell.slice(1), '-s'], {
      encoding: 'utf8',
      input: script,
    });
    expect(stderr).toBe('');
    return parseLinks(stdout).map(({ path, to, by }) =>
      `${path} ${to}${by ? ` by ${by}` : ''}`.replaceAll(dir, ''),
    );
  }

  it('are told once, the upper ones first, with where they lead in the end', () => {
    const dir = realpathSync(scratch());
    mkdirSync(join(dir, 'real/a b'), { recursive: true });
    mkdirSync(join(dir, 'else'));
    symlinkSync('real', join(dir, 'one'));
    symlinkSync('one', join(dir, 'two'));
    symlinkSync('../else', join(dir, 'real/on'));
    symlinkSync(join(dir, 'one/a b'), join(dir, "it's"));
    expect(found(dir, 'two/on/x', 'two/y', "it's/z", 'real/a b/new/x')).toEqual([
      '/two /real',
      '/two/on /else',
      "/it's /real/a b",
    ]);
  });

  it('are none where a path itself is one, or one leads to no folder', () => {
    const dir = realpathSync(scratch());
    writeFileSync(join(dir, 'file'), '');
    symlinkSync('file', join(dir, 'to file'));
    symlinkSync('nowhere', join(dir, 'gone'));
    expect(found(dir, 'to file', 'to file/x', 'gone/x', 'missing/x/y')).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'tell of a user whose link leads to what is not theirs, also behind others',
    () => {
      const dir = realpathSync(scratch());
      const web = 4711;
      const linkOf = (owner: number, to: string, name: string) => {
        symlinkSync(to, join(dir, name));
        lchownSync(join(dir, name), owner, owner);
      };
      mkdirSync(join(dir, 'etc'));
      mkdirSync(join(dir, 'own'));
      chownSync(join(dir, 'own'), web, web);
      linkOf(web, join(dir, 'etc'), 'bad');
      linkOf(0, join(dir, 'bad'), 'root to bad');
      linkOf(web, 'own', 'good');
      linkOf(0, 'etc', 'roots');
      expect(found(dir, 'bad/x', 'root to bad/x', 'good/x', 'roots/x')).toEqual([
        '/bad /etc by 4711',
        '/root to bad /etc by 4711',
        '/good /own',
        '/roots /etc',
      ]);
    },
  );
});
