import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../host/process.ts';
import { buildRootfs } from '../host/rootfs.ts';
import type { Lab } from '../lab.ts';
import { cacheDir, contentKey } from '../paths.ts';
import { downloadWithNeeds } from './debianEtcd.ts';

const SUITE = 'bookworm';

/** Has a host of the lab install these packages of Debian, from a repository of its own: the lab reaches no other. */
export async function offerPackages(lab: Lab, host: string, names: readonly string[]): Promise<void> {
  const repository = await repositoryOf(names);
  const input = execFileSync('tar', ['-c', '-C', repository, '.'], { maxBuffer: 2 ** 28 });
  const { code, stderr } = await lab.ssh(
    host,
    `mkdir -p /srv/debian && tar -x -C /srv/debian && rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/* &&
      echo 'deb [trusted=yes] file:/srv/debian ./' >/etc/apt/sources.list`,
    { input },
  );
  if (code !== 0) throw new Error(stderr);
}

/** The packages with all that a host of the lab lacks for them, and their index; fetched once a machine. */
async function repositoryOf(names: readonly string[]): Promise<string> {
  const rootfs = await buildRootfs(SUITE, () => {});
  const target = join(cacheDir(), 'debian', contentKey(rootfs, ...names));
  if (existsSync(target)) return join(target, 'archives');
  const work = `${target}.building`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await downloadWithNeeds(SUITE, work, names, join(rootfs, 'var/lib/dpkg/status'));
  const archives = join(work, 'archives');
  const index: string[] = [];
  for (const name of (await readdir(archives)).filter((file) => file.endsWith('.deb'))) {
    const bytes = await readFile(join(archives, name));
    const sum = createHash('sha256').update(bytes).digest('hex');
    const fields = await must('dpkg-deb', ['--field', join(archives, name)]);
    index.push(`${fields.trim()}\nFilename: ./${name}\nSize: ${bytes.length}\nSHA256: ${sum}\n`);
  }
  await writeFile(join(archives, 'Packages'), index.join('\n'));
  await rename(work, target);
  return join(target, 'archives');
}
