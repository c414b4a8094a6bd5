import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'rolldown';
import { PAGES } from '../lib/cli/quorate/pages.ts';
import { packagePage, packReadme } from './readme.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');

/** What users import, by the name of its file in `dist`. */
const ENTRIES = { index: 'package/index.ts', etcd: 'package/etcd.ts', test: 'package/test.ts' };

/** Parts of the DSL that no entry gives by name. */
const INNER =
  /^lib\/dsl\/(states\/certificates-state|world\/ground|ledger\/(ledger|records)|shell\/probe|source\/source|source\/source-tree|step|trace\/trace)\.d\.ts$/;

rmSync(DIST, { recursive: true, force: true });
await buildCode();
// The sample, where it lies for the playbooks.
cpSync(join(ROOT, 'inventory/local.yaml'), join(DIST, 'inventory/local.yaml'));
packPages();
buildTypes();
// The last: until `postpack` the README of the clone is another one.
packReadme();

/** For `explain`. */
function packPages(): void {
  mkdirSync(join(DIST, 'docs'));
  for (const page of PAGES) {
    const text = packagePage(readFileSync(join(ROOT, `docs/${page}.md`), 'utf8'));
    writeFileSync(join(DIST, `docs/${page}.md.br`), brotliCompressSync(text));
  }
}

/** One file an entry, what they share in chunks beside them; packages are imported, not bundled. */
async function buildCode(): Promise<void> {
  const files = readdirSync(join(ROOT, 'playbooks')).map((file) => basename(file, '.ts'));
  // An example to read, with files of its own beside its role.
  const playbooks = files.filter((name) => name !== 'web');
  const minify = { mangle: true, compress: true, codegen: { removeWhitespace: true } };
  await build({
    cwd: ROOT,
    input: {
      ...ENTRIES,
      quorate: 'package/quorate.ts',
      ...Object.fromEntries(playbooks.map((name) => [`playbooks/${name}`, `playbooks/${name}.ts`])),
    },
    platform: 'node',
    external: (id: string) => !/^[./]/.test(id),
    output: {
      dir: DIST,
      format: 'esm',
      // Not the plain name of a module: `lib/root.ts` tells by its own that it is bundled.
      chunkFileNames: 'lib/_[name].js',
      minify,
      // What nearly every run loads is one file each: a hundred small ones would be imports for a good part.
      codeSplitting: {
        groups: [
          { name: 'root', test: `${ROOT}lib/root.ts`, priority: 1 },
          { name: 'dsl', test: (id) => /^lib\/(dsl\/|[\w-]+\.ts$)/.test(id.slice(ROOT.length)) },
          {
            name: 'etcd',
            test: (id) => /^(lib\/etcd\/(?!operations\/)|roles\/)/.test(id.slice(ROOT.length)),
          },
        ],
      },
    },
  });
  chmodSync(join(DIST, 'quorate.js'), 0o755);
}

/** Declarations of what the entries reach, and no more. */
function buildTypes(): void {
  const made = join(DIST, '.types');
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const { status } = spawnSync(tsc, ['-p', join(ROOT, 'package')], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`tsc ended with ${status}`);
  const todo = Object.values(ENTRIES).map(declarationOf);
  const done = new Set(todo);
  for (const file of todo) {
    const text = readFileSync(join(made, file), 'utf8');
    for (const [, target = ''] of text.matchAll(/(?:from|import\() ?['"](\.[^'"]+)['"]/g)) {
      const next = declarationOf(normalize(join(dirname(file), target)));
      if (done.has(next)) continue;
      done.add(next);
      todo.push(next);
    }
    const target = join(DIST, 'types', file);
    mkdirSync(dirname(target), { recursive: true });
    const named = text.replaceAll(/((?:from|import\() ?['"]\.[^'"]+)\.ts(['"])/g, '$1.js$2');
    // Newer tsc takes in no types of its own accord, not even Node's.
    const reference = file.startsWith('package/') ? '/// <reference types="node" />\n' : '';
    // Tabs: a tenth of all that is installed would be spaces.
    // What nobody imports by name needs no words: only what is in it is checked.
    const told = !isRead(file) ? named.replaceAll(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, '') : named;
    const indented = told.replaceAll(/^(?: {4})+/gm, (spaces) => '\t'.repeat(spaces.length / 4));
    writeFileSync(target, `${reference}${indented}`);
  }
  rmSync(made, { recursive: true });
}

/** Its types are what authors of roles, and of programs that run playbooks, write against. */
function isRead(file: string): boolean {
  return (
    (/^(package|lib\/(dsl|resources|kit)|lib\/cli\/(playbook-)?run)\b/.test(file) && !INNER.test(file)) ||
    file === 'lib/runner/events.d.ts'
  );
}

function declarationOf(file: string): string {
  return file.replace(/\.ts$/, '.d.ts');
}
