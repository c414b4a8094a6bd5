import { EXIT, QuorateError } from '../errors.ts';
import { findCached, keep } from './cache.ts';
import { locate } from './http/location.ts';
import { fromPackage } from './packages/package.ts';
import { fromPath } from './path.ts';
import { fromRelease } from './release.ts';
import type { ReleaseRequest } from './request.ts';
import { called } from './software.ts';
import type { Unpacked } from './unpacked.ts';
import { nowhere, otherWays, Unavailable } from './wording.ts';
import { withWorkspace } from './workspace.ts';

type Progress = (text: string) => void;
type Source = (request: ReleaseRequest, progress: Progress) => Promise<Unpacked>;

/** What each source does; `auto` tries the others in turn. */
const SOURCES: Readonly<Record<ReleaseRequest['source'], Source>> = {
  release: obtainRelease,
  package: obtainPackage,
  path: (request) => fromPath(request),
  auto: obtainAuto,
};

/** Gets one release, from the cache or its source, without regard to others who want the same. */
export async function obtain(request: ReleaseRequest, progress: Progress): Promise<Unpacked> {
  for (const [what, word] of [
    [request.software.vars.version, request.version],
    ['architecture', request.arch],
  ]) {
    // They become part of file names.
    if (word !== undefined && !/^[A-Za-z0-9][\w.+~-]*$/.test(word)) {
      throw new QuorateError(`${what} cannot be ${JSON.stringify(word)}`, { exitCode: EXIT.usage });
    }
  }
  try {
    return await SOURCES[request.source](request, progress);
  } catch (error) {
    throw explain(error, request);
  }
}

async function obtainRelease(request: ReleaseRequest, progress: Progress): Promise<Unpacked> {
  const { software, version, arch, sha256: pinned, cacheDir } = request;
  if (version === undefined) {
    const { vars } = software;
    throw new Unavailable('a release needs a version', `set ${vars.version}, or ${vars.source}: package`);
  }
  const { shown } = locate(request, version);
  const cached = await findCached(software, cacheDir, arch, (entry) => {
    if (entry.version !== version || entry.tarball === undefined) return false;
    return pinned === undefined ? entry.from === shown : entry.tarball === pinned.toLowerCase();
  });
  if (cached !== undefined) return cached;
  return withWorkspace(cacheDir, async (workspace) =>
    keep(
      software,
      cacheDir,
      await fromRelease(request, version, workspace, progress),
      request.source === 'auto',
    ),
  );
}

/** Without a version the package manager is asked, as it may have a newer one than the cache. */
async function obtainPackage(request: ReleaseRequest, progress: Progress): Promise<Unpacked> {
  const { software, version, cacheDir } = request;
  const cached =
    version === undefined
      ? undefined
      : await findCached(
          software,
          cacheDir,
          request.arch,
          (entry) => entry.source === 'package' && entry.version === version,
        );
  if (cached !== undefined) return cached;
  return withWorkspace(cacheDir, async (workspace) =>
    keep(software, cacheDir, await fromPackage(request, workspace, progress), request.source === 'auto'),
  );
}

async function obtainAuto(request: ReleaseRequest, progress: Progress): Promise<Unpacked> {
  const said: [source: string, answer: string][] = [];
  for (const [name, source] of autoSources(request)) {
    try {
      const release = await source(request, progress);
      progress(`${called(request.software, release.version)} from ${release.from}`);
      return release;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      said.push([name, error.message]);
    }
  }
  throw nowhere(request.software, request.version, request.arch, said);
}

/** A pinned digest is that of a release tarball: no other source can fulfil it. */
function autoSources({ version, sha256 }: ReleaseRequest): [name: string, source: Source][] {
  const release: [string, Source] = ['release', obtainRelease];
  if (sha256 !== undefined) return [release];
  return [
    ['cache', obtainCached],
    ...(version === undefined ? [] : [release]),
    ['path', SOURCES.path],
    ['package', obtainPackage],
  ];
}

/** Any origin does for a set version; without one, what `auto` chose before, so that it stays chosen. */
async function obtainCached({ software, version, arch, cacheDir }: ReleaseRequest): Promise<Unpacked> {
  const cached = await findCached(software, cacheDir, arch, (entry) =>
    version === undefined ? entry.auto : entry.version === version,
  );
  if (cached === undefined) throw new Unavailable(`there is no ${called(software, version)} in ${cacheDir}`);
  return cached;
}

/** A full disk or a folder that may not be written to is not a bug of ours; what is unavailable may be had elsewhere. */
function explain(error: unknown, { software, version, cacheDir }: ReleaseRequest): unknown {
  if (error instanceof Unavailable && error.hint === undefined) return error.withHint(otherWays(software));
  const { syscall, message } = error as NodeJS.ErrnoException;
  if (error instanceof QuorateError || syscall === undefined) return error;
  return new QuorateError(`Cannot keep ${called(software, version)} in ${cacheDir}: ${message}`, {
    exitCode: EXIT.failed,
  });
}
