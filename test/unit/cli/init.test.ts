import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { init } from '../../../lib/cli/quorate/init.ts';
import { scratch } from '../support/scratch.ts';

let folder = '';
beforeEach(() => {
  folder = scratch();
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  vi.spyOn(process.stdout, 'write').mockImplementation((_, ...rest) => {
    const [done] = rest.slice(-1) as [() => void];
    done();
    return true;
  });
});
afterEach(() => void vi.restoreAllMocks());

it.each(['{ name: x', '[]', '', '{"scripts": null}', '{"devDependencies": []}'])(
  'init beside the broken package.json %j is told, and writes nothing',
  async (text) => {
    writeFileSync(join(folder, 'package.json'), text);
    await expect(init([], 'quorate')).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/^package\.json cannot be read: /),
    });
    expect(readdirSync(folder)).toEqual(['package.json']);
  },
);

it.each<[what: string, make: () => void, said: string]>([
  ['roles is a file', () => writeFileSync(join(folder, 'roles'), ''), 'roles is there, and is not a folder'],
  [
    '.github leads nowhere',
    () => symlinkSync('gone', join(folder, '.github')),
    '.github is there, and is not a folder',
  ],
  ['package.json is a folder', () => mkdirSync(join(folder, 'package.json')), 'EISDIR'],
])('init where %s: 1, and nothing is written', async (_, make, said) => {
  make();
  const before = readdirSync(folder);
  await expect(init([], 'quorate')).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining(said),
    hint: expect.stringContaining('nothing was written'),
  });
  expect(readdirSync(folder)).toEqual(before);
});

it('init keeps a link that leads nowhere', async () => {
  symlinkSync('gone', join(folder, 'README.md'));
  expect(await init([], 'quorate')).toBe(0);
  expect(readdirSync(folder)).toContain('site.ts');
  expect(() => readFileSync(join(folder, 'README.md'))).toThrow('ENOENT');
});
