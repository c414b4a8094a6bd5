import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../../lib/dsl/secret.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../../lib/dsl/task.ts';
import { withLoaded } from '../../../../lib/dsl/trace/lazy.ts';
import { command } from '../../../../lib/resources/command.ts';
import { directory } from '../../../../lib/resources/directory.ts';
import { file } from '../../../../lib/resources/file.ts';
import { tree } from '../../../../lib/resources/tree/index.ts';
import { dry, run } from '../../support/cycle.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

describe.each(SHELLS)('a mode that is not given, under %s', (_name, ...shell) => {
  let dir: string;
  let options: { dir: string; shell: readonly string[] };
  beforeEach(() => {
    dir = scratch();
    options = { dir, shell };
    mkdirSync(join(dir, 'source/below'), { recursive: true });
    writeFileSync(join(dir, 'source/below/page'), 'page');
    writeFileSync(join(dir, 'secret.j2'), 'token {{ t }}\n');
  });
  const at = (name: string) => join(dir, name);
  const modeOf = (name: string) => (statSync(at(name)).mode & 0o7777).toString(8).padStart(4, '0');
  const there = (name: string, mode: number) => {
    if (name === 'folder') mkdirSync(at(name));
    else writeFileSync(at(name), 'old');
    chmodSync(at(name), mode);
  };
  const secret = new Secret('hunter2hunter2');

  it.each<[string, string, string, (path: string) => Task]>([
    ['a file', 'x', '0644', (path) => file(path, { content: 'new' })],
    ['a file of bytes', 'x', '0644', (path) => file(path, { source: at('source/below/page') })],
    ['a secret', 'x', '0600', (path) => file(path, { content: secret })],
    [
      'a secret in a template',
      'x',
      '0600',
      (path) => file(path, { template: at('secret.j2'), values: { t: secret } }),
    ],
    ['a directory', 'folder', '0755', (path) => directory(path)],
    ['the folder of a tree', 'folder', '0755', (path) => tree(path, { source: at('source') })],
  ])('of %s is that of what is there, and a usual one of what is new', async (_what, name, usual, make) => {
    const tasks = () => withLoaded(() => [make(at(name))]);
    await run(await tasks(), options);
    expect(modeOf(name)).toBe(usual);
    chmodSync(at(name), 0o751);
    expect(await dry(await tasks(), options)).toEqual([]);
  });

  it('is kept where another content, or owner, comes', async () => {
    there('x', 0o4751);
    there('folder', 0o1777);
    await run([file(at('x'), { content: 'new' }), tree(at('folder'), { source: at('source') })], options);
    expect([modeOf('x'), modeOf('folder'), modeOf('folder/below/page')]).toEqual(['4751', '1777', '0644']);
  });

  it.runIf(process.getuid?.() === 0)('is kept where another owner comes', async () => {
    there('x', 0o4751);
    there('folder', 0o3770);
    const tasks = [
      file(at('x'), { content: 'old', owner: '12345' }),
      directory(at('folder'), { group: '12345' }),
    ];
    expect(await run(tasks, options)).toEqual(['update owner: root → 12345', 'update group: root → 12345']);
    expect([modeOf('x'), modeOf('folder')]).toEqual(['4751', '3770']);
  });

  it('is that of what an earlier command has made', async () => {
    const made = command('it is made', {
      run: sh`printf old >${at('x')}; mkdir ${at('folder')}; chmod 0710 ${at('x')} ${at('folder')}`,
      creates: at('x'),
    });
    await run([made, file(at('x'), { content: 'new' }), directory(at('folder'))], options);
    expect([modeOf('x'), modeOf('folder')]).toEqual(['0710', '0710']);
  });

  it('gives way to one that is given', async () => {
    there('x', 0o751);
    expect(await run([file(at('x'), { content: 'old', mode: '0644' })], options)).toEqual([
      'update mode: 0751 → 0644',
    ]);
  });
});
