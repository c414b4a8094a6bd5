import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { sha256File } from './digest.ts';
import { notElfFor } from './elf.ts';
import type { ReleaseRequest } from './request.ts';
import { run } from './run.ts';
import type { Unpacked } from './unpacked.ts';
import { otherVersion, Unavailable } from './wording.ts';

/**
 * The software that control's PATH leads to, with the programs of the first one's folder before those elsewhere.
 * Nothing is copied. Links are followed first, so a launcher that acts by the name it is called with shows
 * itself as what it is: another program.
 */
export async function fromPath(request: ReleaseRequest, path = process.env.PATH ?? ''): Promise<Unpacked> {
  const { software } = request;
  const directories = path.split(delimiter).filter(isAbsolute);
  const main = await firstIn(directories, software.programs[0]?.name ?? software.name);
  if (main === undefined) {
    throw new Unavailable(
      `there is no ${software.name} on the PATH here`,
      `install it, or set ${software.vars.source}`,
    );
  }
  const files: { name: string; path: string; sha256: string }[] = [];
  for (const [i, { name, optional }] of software.programs.entries()) {
    const found = i === 0 ? main : await firstIn([dirname(main), ...directories], name);
    if (found === undefined && optional) continue;
    if (found === undefined) throw new Unavailable(`there is ${main}, but no ${name} on the PATH here`);
    const program = await realpath(found);
    const why = await notElfFor(program, request.arch);
    if (why !== undefined) throw new Unavailable(`${program} cannot be used: ${why}`);
    files.push({ name, path: program, sha256: await sha256File(program) });
  }
  const program = files[0]?.path ?? main;
  const { stdout, stderr } = await run(program, ['--version'], { timeout: 10_000 });
  const version = software.version.exec(stdout)?.[1];
  if (version === undefined) {
    throw new Unavailable(`${program} does not say its version: ${(stdout + stderr).split('\n')[0]}`);
  }
  if (request.version !== undefined && request.version !== version) {
    throw otherVersion(software, program, version, request.version);
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
