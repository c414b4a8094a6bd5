import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { absent } from '../../../lib/resources/absent.ts';
import { command } from '../../../lib/resources/command.ts';
import { file } from '../../../lib/resources/file.ts';
import { line } from '../../../lib/resources/line.ts';
import { dry, run } from '../support/cycle.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

it.each(['/opt/t*', '/srv/gl?'])('the pattern %s is refused: it would be taken literally', (path) => {
  expect(() => absent(path)).toThrow(expect.objectContaining({ exitCode: 1 }));
  expect(() => command('c', { run: sh`:`, creates: path })).toThrow(
    expect.objectContaining({ exitCode: 1, hint: expect.stringContaining('unless') }),
  );
});

it('takes a sign of patterns behind a backslash for the sign itself', () => {
  const path = '/etc/acme/\\*.example.org';
  const meant = '/etc/acme/*.example.org';
  expect(absent.wishOf(absent(path))?.path).toBe(meant);
  expect(command.wishOf(command('c', { run: sh`:`, creates: path }))?.creates).toBe(meant);
});

describe.each(SHELLS)('absent with all that is in it, under %s', (_name, ...shell) => {
  let dir: string;
  const at = (name: string) => join(dir, name);
  const gone = (name: string) => absent(at(name), { recursive: true });
  beforeEach(() => {
    dir = scratch();
    mkdirSync(at('site/a b/c'), { recursive: true });
    mkdirSync(at('kept'));
    writeFileSync(at('kept/x'), '');
    for (const name of ['.hidden', 'one', 'a b/two', '-rf']) writeFileSync(at(`site/${name}`), '');
    symlinkSync(at('kept'), at('site/link'));
    symlinkSync(at('kept'), at('link'));
  });

  it('says what goes, and follows no link', async () => {
    expect(await dry([gone('site')], { dir, shell })).toEqual([
      expect.stringMatching(/^remove type: directory with .+, .+, .+ and 2 more → null$/),
    ]);
    expect(existsSync(at('site/one'))).toBe(true);
    await run([gone('site'), gone('link')], { dir, shell });
    expect([existsSync(at('site')), existsSync(at('link')), readdirSync(at('kept'))]).toEqual([
      false,
      false,
      ['x'],
    ]);
  });

  it('does not take what an earlier task has made', async () => {
    const made = command('new', { run: sh`: >${at('site/new')}`, creates: at('site/new') });
    await expect(dry([made, gone('site')], { dir, shell })).rejects.toThrow(
      / want different things of absent:/,
    );
    expect(await dry([gone('site/one'), gone('site')], { dir, shell })).toHaveLength(2);
  });
});

it.each(['a\rb', 'a\nb', '\n'])('a folder with %j in it is not empty', async (name) => {
  const dir = scratch();
  writeFileSync(join(dir, name), '');
  await expect(dry([absent(dir)], { dir: scratch() })).rejects.toThrow(/: it has .+ in it$/s);
});

it.runIf(process.getuid?.() === 0)('absent leaves a folder with a mount in it', async ({ skip }) => {
  const dir = scratch();
  const point = join(dir, 'site/a b');
  mkdirSync(point, { recursive: true });
  if (spawnSync('mount', ['-t', 'tmpfs', 'none', point]).status !== 0) skip();
  try {
    for (const task of [absent(join(dir, 'site'), { recursive: true }), absent(point)])
      await expect(dry([task], { dir })).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(/a\\040b is mounted there$/),
      });
    expect(existsSync(point)).toBe(true);
  } finally {
    spawnSync('umount', [point]);
  }
});

it.runIf(process.getuid?.() === 0)(
  'a file that nothing can take the place of stays, in a check too',
  async ({ skip }) => {
    const dir = scratch();
    const at = join(dir, 'hosts');
    writeFileSync(at, 'old\n');
    writeFileSync(join(dir, 'other'), 'old\n');
    const due = [absent(at), file(at, { content: 'new\n' }), line(at, { line: 'new' })];
    const refused = async (message: RegExp) => {
      for (const task of due) await expect(dry([task], { dir: scratch() })).rejects.toThrow(message);
      expect(await dry([file(at, { content: 'old\n' })], { dir: scratch() })).toEqual([]);
    };
    if (spawnSync('mount', ['--bind', join(dir, 'other'), at]).status !== 0) skip();
    try {
      await refused(/hosts: it is mounted by itself/);
      // What a command may take off is not wrong.
      const off = command('off', { run: sh`umount ${at}`, creates: '/nowhere' });
      expect(await dry([off, file(at, { content: 'new\n' })], { dir: scratch() })).toHaveLength(2);
    } finally {
      spawnSync('umount', [at]);
    }
    if (spawnSync('chattr', ['+i', at]).status !== 0) return;
    try {
      await refused(/hosts: it has an attribute that lets nobody change it$/);
    } finally {
      spawnSync('chattr', ['-i', at]);
    }
  },
);

it.each(['/', '/etc', '/usr/lib', '/var/lib/', '/home'])('%s is never emptied', (path) => {
  expect(() => absent(path, { recursive: true })).toThrow(expect.objectContaining({ exitCode: 1 }));
});
