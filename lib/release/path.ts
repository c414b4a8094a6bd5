import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import type { Unpacked } from '../resources/archive.ts';
import { sha256File } from './digest.ts';
import { notElfFor } from './elf.ts';
import type { ReleaseRequest } from './index.ts';
import { run } from './run.ts';
import { PROGRAMS } from './unpack.ts';
import { otherVersion, Unavailable } from './wording.ts';

/**
 * The etcd that control's PATH leads to, with the programs of its own folder before those elsewhere.
 * Nothing is copied. Links are followed first, so a launcher that acts by the name it is called with shows
 * itself as what it is: not etcd.
 */
export async function fromPath(request: ReleaseRequest, path = process.env.PATH ?? ''): Promise<Unpacked> {
  const directories = path.split(delimiter).filter(isAbsolute);
  const etcd = await firstIn(directories, 'etcd');
  if (etcd === undefined)
    throw new Unavailable('there is no etcd on the PATH here', 'install it, or set etcd_source');
  const files: { name: string; path: string; sha256: string }[] = [];
  for (const name of PROGRAMS) {
    const found = name === 'etcd' ? etcd : await firstIn([dirname(etcd), ...directories], name);
    if (found === undefined && name === 'etcdutl') continue;
    if (found === undefined) throw new Unavailable(`there is ${etcd}, but no ${name} on the PATH here`);
    const program = await realpath(found);
    const why = await notElfFor(program, request.arch);
    if (why !== undefined) throw new Unavailable(`${program} cannot be used: ${why}`);
    files.push({ name, path: program, sha256: await sha256File(program) });
  }
  const program = files[0]?.path ?? etcd;
  const { stdout, stderr } = await run(program, ['--version'], { timeout: 10_000 });
  const version = /^etcd Version: (\d+\.\d+\.\d+)/m.exec(stdout)?.[1];
  if (version === undefined) {
    throw new Unavailable(`${program} does not say its version: ${(stdout + stderr).split('\n')[0]}`);
  }
  if (request.version !== undefined && request.version !== version) {
    throw otherVersion(program, version, request.version);
  }
  return { version, from: program, files };
}

async function firstIn(directories: readonly string[], name: string): Promise<string | undefined> {
  for (const directory of directories) {
    const file = join(directory, name);
    const executable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return file;
  }
  return undefined;
}
