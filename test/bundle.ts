import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'rolldown';

const ROOT = join(import.meta.dirname, '..');

/**
 * What keeps its place: what tests start, and roles, which look for files beside them. So does `lib/root.ts`, which
 * tells by its place what code is ours.
 */
const ENTRIES = [
  ...below('playbooks'),
  ...below('roles'),
  ...below('test/unit/cli').filter((path) => path.endsWith('Playbook.ts')),
  ...['serve', 'clientProcess', 'transportPlaybook', 'resourcesPlaybook'].map(
    (name) => `test/lab/support/${name}.ts`,
  ),
  'test/unit/pki/process.ts',
  'lib/report/index.ts',
];

/** Packages that go into the bundle with what they need; others stay where they are installed. */
const BUNDLED = [
  '@peculiar/x509',
  'ajv',
  'diff',
  'fastest-levenshtein',
  'listr2',
  'picocolors',
  'reflect-metadata',
  'smol-toml',
  'yaml',
  'zx',
];

/**
 * Bundles the program into the folder named on the command line: a start reads some hundred files, and not a thousand.
 * What is imported late stays apart: a command line that is refused, or only asks for help, starts in half the time.
 */
await build({
  cwd: ROOT,
  input: Object.fromEntries(ENTRIES.map((path) => [path.replace(/\.ts$/, ''), path])),
  platform: 'node',
  external: (id, importer) => {
    const isPackage = !/^[./]/.test(id) && importer?.includes('/node_modules/') !== true;
    return isPackage && !BUNDLED.some((name) => id === name || id.startsWith(`${name}/`));
  },
  output: {
    dir: process.argv[2] as string,
    format: 'esm',
    chunkFileNames: ({ name, moduleIds }) =>
      name === 'root' ? 'lib/root.js' : `${folderOf(moduleIds)}/[name]-[hash].js`,
    codeSplitting: { groups: [{ name: 'root', test: join(ROOT, 'lib/root.ts') }] },
  },
});

/** Of a chunk: that of the role in it, which looks for files beside it; else `lib`, where all is ours. */
function folderOf(modules: readonly string[]): string {
  const [role] = modules.map((path) => relative(ROOT, path)).filter((path) => path.startsWith('roles/'));
  return role === undefined ? 'lib' : dirname(role);
}

function below(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => join(folder, path));
}
