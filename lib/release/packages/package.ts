import { chmod, lstat, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File } from '../digest.ts';
import { notElfFor } from '../elf.ts';
import type { Found } from '../found.ts';
import type { ReleaseRequest } from '../request.ts';
import { run } from '../run.ts';
import { missing } from '../software.ts';
import type { ProgramFile } from '../unpack.ts';
import { Unavailable, untrusted } from '../wording.ts';
import { unpackWithApt } from './apt.ts';
import { unpackWithDnf } from './dnf.ts';

/**
 * The distribution's packages, unpacked in `workspace` and not installed; works as an ordinary user. The package
 * manager verifies signatures, with the sources and keys this machine has.
 */
export async function fromPackage(
  request: ReleaseRequest,
  workspace: string,
  progress: (text: string) => void,
): Promise<Found> {
  const unpackTree = await packageManager();
  const { tree, version, from } = await unpackTree(request, workspace, progress);
  const bin = join(workspace, 'programs');
  await mkdir(bin);
  const files: ProgramFile[] = [];
  for (const { name } of request.software.programs) {
    const source = join(tree, 'usr/bin', name);
    const info = await lstat(source).catch(() => undefined);
    if (info === undefined) continue;
    const why = info.isFile() ? await notElfFor(source, request.arch) : 'it is not a regular file';
    if (why !== undefined) throw untrusted(`${from}: /usr/bin/${name} cannot be used: ${why}`);
    const path = join(bin, name);
    await rename(source, path);
    await chmod(path, 0o755);
    files.push({ name, path, sha256: await sha256File(path) });
  }
  const lacking = missing(request.software, (name) => files.some((file) => file.name === name));
  if (lacking.length > 0) throw new Unavailable(`${from} has no ${lacking.join(' and no ')}`);
  return { version, arch: request.arch, source: 'package', from, files };
}

async function packageManager(): Promise<typeof unpackWithApt> {
  const has = async (file: string) => (await run(file, ['--version'], { timeout: 10_000 })).code !== 127;
  if ((await has('apt-get')) && (await has('dpkg-deb'))) return unpackWithApt;
  if ((await has('dnf')) && (await has('rpm2cpio'))) return unpackWithDnf;
  throw new Unavailable('there is neither apt-get nor dnf here to get a package with');
}
