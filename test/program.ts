import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHECKOUT = fileURLToPath(new URL('..', import.meta.url));

/** What is compiled, or goes along as it is. */
const SOURCES = [
  'package',
  'lib',
  'roles',
  'playbooks',
  'test/lab/support',
  'test/unit/cli',
  'test/unit/pki',
];
/** Ignored by git. */
const BUILDS = join(CHECKOUT, 'test/.program');
/** What a build is besides the sources: how it is made, and the packages in it. */
const MADE_OF = ['test/bundle.ts', 'package-lock.json'].map((path) => join(CHECKOUT, path));

/** A build that nothing has asked for since goes with the next one, in ms. */
const KEPT = 24 * 60 * 60 * 1000;

let build: string | undefined;

/**
 * The compiled twin of a `.ts` file of this checkout, for Node alone. The lab starts the program some seven
 * hundred times: this way a start takes a fifth of the CPU that it takes through tsx. `local.test.ts` starts it
 * as users do.
 *
 * @example const line = ['node', program('playbooks/site.ts'), '--check'];
 */
export function program(file: string): string {
  build ??= buildOf(sourceFiles());
  return join(build, file.replace(/\.ts$/, '.js'));
}

/** One folder for each state of the sources, made by whoever comes first. */
function buildOf(files: readonly string[]): string {
  const digest = createHash('sha256');
  for (const file of [...files, ...MADE_OF])
    digest.update(`${file}\0`).update(readFileSync(file)).update('\0');
  const folder = join(BUILDS, digest.digest('hex').slice(0, 12));
  try {
    utimesSync(folder, new Date(), new Date());
    return folder;
  } catch {
    // None yet.
  }
  const made = `${folder}.${process.pid}`;
  const bundle = ['--import', 'tsx', join(CHECKOUT, 'test/bundle.ts'), made];
  const { status, stdout, stderr } = spawnSync(process.execPath, bundle, { cwd: CHECKOUT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`Cannot bundle the program for its tests: ${stdout}${stderr}`);
  // What playbooks send lies beside them.
  for (const file of files.filter((one) => !one.endsWith('.ts'))) {
    cpSync(file, join(made, relative(CHECKOUT, file)), { preserveTimestamps: true });
  }
  removeOld();
  try {
    renameSync(made, folder);
  } catch {
    // Another process was first.
    rmSync(made, { recursive: true, force: true });
  }
  return folder;
}

function sourceFiles(): readonly string[] {
  return SOURCES.flatMap((folder) =>
    readdirSync(join(CHECKOUT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort(),
  );
}

function removeOld(): void {
  mkdirSync(BUILDS, { recursive: true });
  for (const name of readdirSync(BUILDS)) {
    const folder = join(BUILDS, name);
    const { mtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    if (Date.now() - mtimeMs > KEPT) rmSync(folder, { recursive: true, force: true });
  }
}
