import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { init } from '../../../../lib/cli/quorate/init.ts';
import { hear } from '../../support/hear.ts';
import { scratch } from '../../support/scratch.ts';

afterEach(() => vi.restoreAllMocks());

/** What init says in a folder with these files. */
async function initIn(files: Readonly<Record<string, string>>) {
  const folder = scratch();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  const said = hear();
  const error = await init([], 'npx quorate').then(
    () => undefined,
    (thrown) => thrown,
  );
  vi.restoreAllMocks();
  const described = () => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { folder, said: said.join(''), error, described };
}

describe('init', () => {
  it('says each line of package.json that it changed, its type among them', async () => {
    const { said, described } = await initIn({
      'package.json':
        '{"name":"own","type":"commonjs","scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}',
    });
    expect(described()).toMatchObject({ type: 'module', scripts: { test: 'vitest run' } });
    expect(said).toContain('package.json: ~ type: "commonjs" → "module"\n');
    expect(said).toMatch(/^package\.json: ~ scripts\.test: .* → "vitest run"$/m);
    expect(said).toMatch(/^package\.json: \+ devDependencies\.vitest: /m);
    expect(said).not.toContain('package.json: ~ name');
  });

  it('says nothing of package.json the second time', async () => {
    const { folder, described } = await initIn({});
    const again = await initIn({ 'package.json': readFileSync(join(folder, 'package.json'), 'utf8') });
    expect(again.said).not.toContain('package.json:');
    expect(again.described()).toEqual(described());
  });

  it.each(['index.js', 'src/app.ts', 'lib/deep/er/x.js'])(
    'changes no type under %s, which Node would read in another way',
    async (name) => {
      const { error, folder } = await initIn({ 'package.json': '{"type":"commonjs"}', [name]: '' });
      expect(error).toMatchObject({ exitCode: 1, message: expect.stringContaining(`${name} is code`) });
      expect(existsSync(join(folder, 'site.ts'))).toBe(false);
    },
  );

  it.each(['eslint.config.mjs', 'old.cjs', 'node_modules/a/index.js', 'sub/package.json'])(
    'is not kept from it by %s',
    async (name) => {
      const { error } = await initIn({ 'package.json': '{}', [name]: '{}' });
      expect(error).toBeUndefined();
    },
  );

  it.each([
    ['{\n  "name": "own",\n}\n', 3, 'property name expected'],
    ['{\n  "name": "own"\n', 3, 'close brace expected'],
    ['', 1, 'value expected'],
    ['[]', 1, 'it is not an object'],
  ])('tells what is wrong in a broken package.json, and where: %j', async (text, line, what) => {
    const { error, folder } = await initIn({ 'package.json': text });
    expect(error).toMatchObject({
      exitCode: 1,
      message: `package.json cannot be read: ${what}`,
      position: { file: join(folder, 'package.json'), line },
    });
    expect(existsSync(join(folder, 'site.ts'))).toBe(false);
  });

  it.each(['dependencies', 'devDependencies', 'optionalDependencies'])(
    'takes a tarball from outside that stands in %s into the folder, so that CI can install it',
    async (place) => {
      const outside = join(scratch(), 'quorate-1.2.3.tgz');
      writeFileSync(outside, 'packed');
      const { folder, said, described } = await initIn({
        'package.json': JSON.stringify({ [place]: { quorate: `file:${outside}`, other: '1' } }),
      });
      expect(described()[place]).toMatchObject({ quorate: 'file:vendor/quorate-1.2.3.tgz', other: '1' });
      expect(JSON.stringify(described()).match(/"quorate":"[^"]*"/g)).toHaveLength(1);
      expect(readFileSync(join(folder, 'vendor/quorate-1.2.3.tgz'), 'utf8')).toBe('packed');
      expect(said).toMatch(/^wrote vendor\/quorate-1\.2\.3\.tgz, .*commit it$/m);
    },
  );

  it.each(['^0.1.0', 'file:vendor/quorate.tgz', 'file:../gone.tgz'])(
    'leaves the dependency %s',
    async (from) => {
      const { described, folder } = await initIn({
        'package.json': JSON.stringify({ dependencies: { quorate: from } }),
      });
      expect(described().dependencies.quorate).toBe(from);
      expect(existsSync(join(folder, 'vendor'))).toBe(false);
    },
  );
});
