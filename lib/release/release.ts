import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Found } from './found.ts';
import { downloadTarball } from './http/download.ts';
import { locate } from './http/location.ts';
import type { ReleaseRequest } from './request.ts';
import { called } from './software.ts';
import { unpack } from './unpack.ts';

/** Downloads, verifies and unpacks the release tarball of `version` in `workspace`. */
export async function fromRelease(
  request: ReleaseRequest,
  version: string,
  workspace: string,
  progress: (text: string) => void,
): Promise<Found> {
  const { software, arch } = request;
  const location = locate(request, version);
  const tarball = join(workspace, 'tarball');
  const digest = await downloadTarball(location, tarball, { ...request, version }, progress);
  progress(`unpacking ${called(software, version)}`);
  const directory = join(workspace, 'programs');
  await mkdir(directory);
  const files = await unpack(tarball, directory, { software, shown: location.shown, version, arch });
  return { version, arch, source: 'release', from: location.shown, tarball: digest, files };
}
