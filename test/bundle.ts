import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'rolldown';

/**
 * What keeps its place: what tests start, roles, which look for files beside them, and `lib/root.ts`, which tells by
 * its place what code is ours.
 */
const ENTRIES = [
  ...below('playbooks'),
  ...below('roles'),
  'lib/root.ts',
  ...below('test/unit/cli').filter((path) => path.endsWith('Playbook.ts')),
  ...['serve', 'clientProcess', 'transportPlaybook', 'resourcesPlaybook'].map(
    (name) => `test/lab/support/${name}.ts`,
  ),
];

/** Packages of many files, which go into the bundle with what they need; others stay where they are installed. */
const BUNDLED = ['@peculiar/x509', 'ajv', 'listr2', 'reflect-metadata', 'yaml'];

const LIB = join(import.meta.dirname, '../lib/');

/**
 * Bundles the program into the folder named on the command line: a start reads some thirty files, and not a thousand.
 * What lies in `lib` is one of them, with what is imported late: nearly every run of a lab needs that, too.
 */
await build({
  cwd: join(import.meta.dirname, '..'),
  input: Object.fromEntries(ENTRIES.map((path) => [path.replace(/\.ts$/, ''), path])),
  platform: 'node',
  external: (id, importer) => {
    const isPackage = !/^[./]/.test(id) && importer?.includes('/node_modules/') !== true;
    return isPackage && !BUNDLED.some((name) => id === name || id.startsWith(`${name}/`));
  },
  output: {
    dir: process.argv[2] as string,
    format: 'esm',
    chunkFileNames: 'lib/[name]-[hash].js',
    codeSplitting: {
      groups: [{ name: 'code', test: (id) => id.startsWith(LIB) && !id.endsWith('/root.ts') }],
    },
  },
  // It warns of imports that are not late any more.
  logLevel: 'silent',
});

function below(folder: string): readonly string[] {
  return readdirSync(join(import.meta.dirname, '..', folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => join(folder, path));
}
