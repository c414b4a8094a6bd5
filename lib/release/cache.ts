import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256File } from './digest.ts';
import type { Found } from './found.ts';
import { missing, type Software } from './software.ts';
import type { Unpacked } from './unpacked.ts';

const MANIFEST = 'manifest.json';

/** What an entry is, and how each of its files is verified. */
interface Manifest {
  readonly version: string;
  readonly arch: string;
  readonly from: string;
  readonly source: Found['source'];
  readonly tarball?: string;
  /** Chosen by `auto`, which may come back to it when no version is set. */
  readonly auto: boolean;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
}

/**
 * The newest entry for `arch` that fits and whose files still have their digests. They are hashed each
 * time (0.1 s): what is here gets installed on hosts, and it is read only when something must be installed.
 * An entry that is damaged counts as absent; the next `keep` replaces it.
 */
export async function findCached(
  software: Software,
  cacheDir: string,
  arch: string,
  fits: (entry: Manifest) => boolean,
): Promise<Unpacked | undefined> {
  const entries: { readonly directory: string; readonly manifest: Manifest }[] = [];
  for (const name of await readdir(cacheDir).catch(() => [])) {
    if (!name.startsWith(`${software.name}-`)) continue;
    const directory = join(cacheDir, name);
    const manifest = await readManifest(software, directory);
    if (manifest !== undefined && manifest.arch === arch && fits(manifest))
      entries.push({ directory, manifest });
  }
  entries.sort((a, b) => b.manifest.version.localeCompare(a.manifest.version, 'en', { numeric: true }));
  for (const { directory, manifest } of entries) {
    if (await intact(directory, manifest)) return unpacked(directory, manifest);
  }
  return undefined;
}

/**
 * Moves what a source gave into the cache. An entry is named after everything its manifest says and
 * appears by one rename, so processes that race make the same entry and a half-written one is never seen.
 */
export async function keep(
  software: Software,
  cacheDir: string,
  found: Found,
  auto: boolean,
): Promise<Unpacked> {
  const { version, arch, from, source, tarball } = found;
  const files = found.files.map(({ name, sha256 }) => ({ name, sha256 }));
  const manifest: Manifest = { version, arch, from, source, ...(tarball && { tarball }), auto, files };
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  const key = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const directory = join(cacheDir, `${software.name}-${version}-${arch}-${key}`);
  const first = found.files[0];
  if (first === undefined) throw new Error('a release without files');
  const incoming = join(dirname(first.path), 'entry');
  await mkdir(incoming, { mode: 0o700 });
  for (const { name, path } of found.files) {
    await chmod(path, 0o755);
    await rename(path, join(incoming, name));
  }
  await writeFile(join(incoming, MANIFEST), text, { mode: 0o600 });
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(incoming, directory);
      break;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== 'ENOTEMPTY' && code !== 'EEXIST') || attempt === 3) throw error;
      const present = await readManifest(software, directory);
      if (present !== undefined && (await intact(directory, present))) break;
      await rename(directory, `${incoming}-damaged-${attempt}`).catch(() => undefined);
    }
  }
  return unpacked(directory, manifest);
}

/** Makes the cache folder, which keeps itself out of a repository that an inventory may live in. */
export async function makeCache(cacheDir: string): Promise<void> {
  await mkdir(cacheDir, { recursive: true, mode: 0o700 });
  await writeFile(join(cacheDir, '.gitignore'), '*\n', { flag: 'wx' }).catch(() => undefined);
}

async function readManifest(software: Software, directory: string): Promise<Manifest | undefined> {
  try {
    const value = JSON.parse(await readFile(join(directory, MANIFEST), 'utf8')) as Manifest;
    const names = value.files.map(({ name }) => name);
    const known = names.every((name) => software.programs.some((program) => program.name === name));
    return known && missing(software, (name) => names.includes(name)).length === 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

async function intact(directory: string, { files }: Manifest): Promise<boolean> {
  try {
    if (!isOurs(await lstat(directory)) || !isOurs(await lstat(join(directory, MANIFEST)))) return false;
    for (const { name, sha256 } of files) {
      const path = join(directory, name);
      const found = await lstat(path);
      if (!found.isFile() || !isOurs(found) || (await sha256File(path)) !== sha256) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** An entry vouches for itself, so nobody else may have written it. */
function isOurs({ uid, mode }: Stats): boolean {
  return (uid === process.getuid?.() || uid === 0) && (mode & 0o022) === 0;
}

function unpacked(directory: string, { version, from, files }: Manifest): Unpacked {
  return { version, from, files: files.map((file) => ({ ...file, path: join(directory, file.name) })) };
}
