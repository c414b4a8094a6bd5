import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../..', import.meta.url).pathname;

/** Folder → folders of this project that its files may import from, itself left out. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  playbooks: ['roles', 'lib/cli', 'lib/dsl', 'lib/etcd'],
  roles: ['lib', 'lib/dsl', 'lib/resources', 'lib/etcd', 'lib/pki', 'lib/release'],
  'lib/cli': ['lib', 'lib/dsl', 'lib/inventory', 'lib/report', 'lib/runner', 'lib/transport'],
  'lib/report': ['lib', 'lib/dsl', 'lib/runner'],
  'lib/runner': ['lib', 'lib/dsl', 'lib/transport'],
  'lib/resources': ['lib', 'lib/dsl', 'lib/pki'],
  'lib/etcd': ['lib', 'lib/dsl', 'lib/pki', 'lib/resources'],
  'lib/pki': ['lib', 'lib/dsl'],
  'lib/release': ['lib', 'lib/dsl', 'lib/resources'],
  'lib/inventory': ['lib', 'lib/dsl', 'lib/transport'],
  'lib/transport': ['lib', 'lib/dsl'],
  'lib/dsl': ['lib'],
  lib: [],
};

/** Package → the one folder that may import it. */
const OWNER: Readonly<Record<string, string>> = {
  'node-ssh': 'lib/transport',
  ssh2: 'lib/transport',
  zx: 'lib/transport',
  'ssh-config': 'lib/transport',
  listr2: 'lib/report',
  yaml: 'lib/inventory',
  ajv: 'lib/inventory',
  '@peculiar/x509': 'lib/pki',
};

const files = ['playbooks', 'roles', 'lib'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);

describe('imports go one way', () => {
  it.each(files)('%s', (file) => {
    const from = layerOf(file);
    const source = readFileSync(join(ROOT, file), 'utf8');
    for (const target of importsOf(source)) {
      if (target.startsWith('.')) {
        const to = layerOf(normalize(join(dirname(file), target)));
        if (to !== from) expect(MAY_IMPORT[from], `${file} imports ${target}`).toContain(to);
        expect(target, `${file}: imports carry their ending`).toMatch(/\.ts$/);
      } else if (!target.startsWith('node:')) {
        const owner = OWNER[packageOf(target)];
        if (owner !== undefined) expect(from, `${file} imports ${target}`).toBe(owner);
      }
    }
  });

  it('finds imports of every form', () => {
    expect(
      importsOf("import a from 'a';\nexport { b } from './b.ts';\nawait import('c');\nimport 'd';"),
    ).toEqual(['a', './b.ts', 'c', 'd']);
  });
});

function importsOf(source: string): readonly string[] {
  return [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string);
}

/** The longest folder of the table that the file is in. */
function layerOf(file: string): string {
  const layers = Object.keys(MAY_IMPORT).filter((layer) => file.startsWith(`${layer}/`));
  return layers.sort((a, b) => b.length - a.length)[0] ?? file;
}

function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}
