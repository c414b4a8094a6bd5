import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../host/process.ts';
import { buildRootfs } from '../host/rootfs.ts';
import { cacheDir, contentKey } from '../paths.ts';
import { downloadWithNeeds } from './debianEtcd.ts';

const SUITE = 'bookworm';

/** Packages of Debian with the libraries that they need, unpacked below a folder; fetched once a machine. Gives the folder. */
export async function debianTree(name: string, packages: readonly string[]): Promise<string> {
  const rootfs = await buildRootfs(SUITE, () => {});
  const target = join(cacheDir(), 'debian', `${name}-${contentKey(rootfs, ...packages)}`);
  if (existsSync(target)) return join(target, 'tree');
  const work = `${target}.building.${process.pid}`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await downloadWithNeeds(SUITE, work, packages, join(rootfs, 'var/lib/dpkg/status'));
  const archives = join(work, 'archives');
  for (const file of (await readdir(archives)).filter((one) => one.endsWith('.deb')))
    await must('dpkg-deb', ['-x', join(archives, file), join(work, 'tree')]);
  await rm(archives, { recursive: true });
  await rename(work, target).catch(() => rm(work, { recursive: true, force: true }));
  return join(target, 'tree');
}

/** Where the programs of such a tree find its libraries. */
export function libraryPath(tree: string): string {
  const machine = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((name) => join(tree, 'usr/lib', name));
  return machine
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [folder, ...readdirSync(folder, { withFileTypes: true }).flatMap(folderOf)])
    .join(':');
}

const folderOf = (entry: Dirent): readonly string[] =>
  entry.isDirectory() ? [join(entry.parentPath, entry.name)] : [];
