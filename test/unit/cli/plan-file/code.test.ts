import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeFiles } from '../../../../lib/cli/plan-file/code/files.ts';
import { scratch } from '../../support/scratch.ts';

const home = process.cwd();
let dir = '';
beforeEach(() => {
  dir = scratch();
  process.chdir(dir);
});
afterEach(() => process.chdir(home));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

/** What the playbook `site.ts` is made of beside itself, by path. */
function found(site: string, files: Readonly<Record<string, string>>) {
  write({ 'site.ts': site, ...files });
  const short = (paths: readonly string[]) => paths.map((path) => path.replace(`${dir}/`, ''));
  const { files: code, sent, unknown } = codeFiles(join(dir, 'site.ts'));
  return { code: short(code).filter((path) => path !== 'site.ts'), sent: short(sent), unknown };
}

const IMPORTS = {
  imports: {
    '#roles/*': { development: './src/*.ts', default: ['./dist/*.js', null] },
    '#db': './db.ts',
    '#me': '#me',
  },
};
const WORKSPACE = { name: '@me/roles', exports: { './*': './src/*.ts' } };

describe('a playbook is made of what it imports:', () => {
  it.each<[what: string, site: string, files: Record<string, string>, wanted: string[]]>([
    ['a file as it is', "import './roles/web.ts';", { 'roles/web.ts': '' }, ['roles/web.ts']],
    ['JSON', "import x from './x.json' with { type: 'json' };", { 'x.json': '{}' }, ['x.json']],
    ['a file without an ending', "require('./x');", { 'x.cjs': '' }, ['x.cjs']],
    ['the source of .js', "import './a.js';", { 'a.tsx': '', 'a.js': '' }, ['a.js', 'a.tsx']],
    ['the source of .mjs', "import './a.mjs';", { 'a.mts': '' }, ['a.mts']],
    ['the source of .cjs', "import './a.cjs';", { 'a.cts': '' }, ['a.cts']],
    ['the source of .jsx', "import './a.jsx';", { 'a.tsx': '' }, ['a.tsx']],
    ['the index of a folder', "export * from './roles';", { 'roles/index.ts': '' }, ['roles/index.ts']],
    ['a URL', "import './my%20role.ts?v=1';", { 'my role.ts': '' }, ['my role.ts']],
    ['a file that is loaded later', 'await import(\n  /* here */ `./a.ts`\n);', { 'a.ts': '' }, ['a.ts']],
    [
      'what those import',
      "import './a.ts';",
      { 'a.ts': "import {\n  b,\n} from './b/c.ts'", 'b/c.ts': '' },
      ['a.ts', 'b/c.ts'],
    ],
    [
      '#name, whatever the condition, and the map',
      "import '#roles/web';",
      { 'package.json': JSON.stringify(IMPORTS), 'src/web.ts': '', 'dist/web.js': '' },
      ['dist/web.js', 'package.json', 'src/web.ts'],
    ],
    [
      'no #name of another package',
      "import './vendor/a.ts'; import '#me';",
      {
        'package.json': JSON.stringify(IMPORTS),
        'db.ts': '',
        'vendor/package.json': '{}',
        'vendor/a.ts': "import '#db';",
      },
      ['vendor/a.ts'],
    ],
    [
      'paths of tsconfig.json, and that file',
      "import '@r/web';",
      {
        'tsconfig.json': '{ "extends": "./base", /* tsx */ }',
        'base.json': '{"compilerOptions":{"paths":{"@r/*":["./roles/*"]}}}',
        'roles/web.ts': '',
      },
      ['base.json', 'roles/web.ts', 'tsconfig.json'],
    ],
    [
      'baseUrl',
      "import 'roles/web.ts';",
      { 'tsconfig.json': '{"compilerOptions":{"baseUrl":"."}}', 'roles/web.ts': '' },
      ['roles/web.ts', 'tsconfig.json'],
    ],
    [
      'a package by its version, but for a type',
      "import zod from 'zod'; import type { Some } from 'some'; import 'node:fs';",
      {
        'node_modules/zod/package.json': '{}',
        'node_modules/zod/index.js': '',
        'node_modules/some/package.json': '{}',
      },
      ['node_modules/zod/package.json'],
    ],
    [
      'itself by its own name',
      "import '@me/roles/web';",
      { 'package.json': JSON.stringify(WORKSPACE), 'src/web.ts': '' },
      ['package.json', 'src/web.ts'],
    ],
    [
      'a file that it reads beside itself',
      "readFileSync(new URL('./motd.txt', import.meta.url))",
      { 'motd.txt': '' },
      ['motd.txt'],
    ],
  ])('%s', (_, site, files, wanted) => {
    expect(found(site, files).code).toEqual(wanted);
  });

  it('the files of a package in the same workspace', () => {
    write({ 'packages/roles/package.json': JSON.stringify(WORKSPACE), 'packages/roles/src/web.ts': '' });
    mkdirSync(join(dir, 'node_modules/@me'), { recursive: true });
    symlinkSync('../../packages/roles', join(dir, 'node_modules/@me/roles'));
    expect(found("import '@me/roles/web';", {}).code).toEqual([
      'packages/roles/package.json',
      'packages/roles/src/web.ts',
    ]);
  });

  it('what a linked file imports from where it lies', () => {
    write({ 'shared/a.ts': "import './b.ts';", 'shared/b.ts': '' });
    symlinkSync('shared/a.ts', join(dir, 'a.ts'));
    expect(found("import './a.ts';", {}).code).toEqual(['a.ts', 'shared/b.ts']);
  });
});

it('what a role sends, folders and large files are not code', () => {
  write({ 'iso.img': '' });
  truncateSync(join(dir, 'iso.img'), 16 * 1024 * 1024 + 1);
  const site =
    "tree('/srv', { source: 'www' }); file('/a', { source: './app.js' }); use('./data', './iso.img');";
  const files = { 'www/index.html': '', 'app.js': "import './gone.js'", 'data/x': '' };
  expect(found(site, files)).toEqual({ code: [], sent: ['app.js', 'data', 'iso.img', 'www'], unknown: [] });
});

it('says which imports lead nowhere, and which nobody can follow', () => {
  const site = `
import type { Gone } from './gone-type.ts';
// import './gone-comment.ts';
const a = await import('./gone.ts');
await import('#gone');
await import(\`./roles/\${name}.ts\`);
await import('./roles/' + name);
import.meta.resolve(name); loader.import(name);
`;
  expect(found(site, { 'roles/index.ts': '' }).unknown).toEqual([
    "site.ts:4 imports './gone.ts', which is not there",
    "site.ts:5 imports '#gone', which is not there",
    'site.ts:6 imports what is known only as it runs',
    'site.ts:7 imports what is known only as it runs',
  ]);
});

it('a comment before an import hides nothing of it', () => {
  const site = "/* a */ import './a';\n// import type x\nimport b from './b';";
  expect(found(site, { 'a.ts': '', 'b.ts': '' }).code).toEqual(['a.ts', 'b.ts']);
});
